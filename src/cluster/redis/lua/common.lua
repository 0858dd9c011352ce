-- Put before every script. ARGV: 1 the calling session, 2 ms without a sign of life that mean death, 3 ms that entries
-- are kept when everyone dies. A session is `<node>.<number>`; an entry belongs to a session.
local me, ttl, keep = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
-- What all keys of this cluster begin with; the loader fills it in.
local PREFIX = '@PREFIX@:'
local NODES = PREFIX .. 'nodes'
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)

-- An earlier session of a living node, until that has taken its entries over: they count, but it may write no more.
local function retired(session)
  return '~' .. session
end

local function seen(member)
  local at = redis.call('ZSCORE', NODES, member)
  return at ~= false and tonumber(at) > now - ttl
end

local known = {}
local function alive(session)
  if known[session] == nil then known[session] = seen(session) or seen(retired(session)) end
  return known[session]
end

-- Whether the caller has been taken for dead, or is a command of an earlier session that comes late: it must not decide.
local function expired()
  return not seen(me)
end

local function stale()
  return redis.error_reply('STALE this session has expired')
end

local function node_of(session)
  return string.sub(session, 1, string.find(session, '.', 1, true) - 1)
end

-- What a session has, so that it can be cleared away without it. Kept longer than the entries themselves.
local function own(kind, name, id)
  local list = PREFIX .. 'own:' .. me
  redis.call('SADD', list, cmsgpack.pack({ kind, name, id }))
  redis.call('PEXPIRE', list, keep * 2)
end

local function disown(session, kind, name, id)
  redis.call('SREM', PREFIX .. 'own:' .. session, cmsgpack.pack({ kind, name, id }))
end
