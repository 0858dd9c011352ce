-- Put before every script. ARGV: 1 the calling session, 2 ms without a sign of life that mean death, 3 ms that entries
-- are kept when everyone dies. A session is `<node>.<number>`; an entry belongs to a session.
local me, ttl, keep = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local NODES = 'classwire:nodes'
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)

local known = {}
local function alive(session)
  if known[session] == nil then
    local seen = redis.call('ZSCORE', NODES, session)
    known[session] = seen ~= false and tonumber(seen) > now - ttl
  end
  return known[session]
end

-- The caller has been taken for dead: it must join again before it decides anything.
local function stale()
  return redis.error_reply('STALE this session has expired')
end

local function node_of(session)
  return string.sub(session, 1, string.find(session, '.', 1, true) - 1)
end

-- What a session has, so that it can be cleared away without it. Kept longer than the entries themselves.
local function own(kind, name, id)
  local list = 'classwire:own:' .. me
  redis.call('SADD', list, cmsgpack.pack({ kind, name, id }))
  redis.call('PEXPIRE', list, keep * 2)
end

local function disown(session, kind, name, id)
  redis.call('SREM', 'classwire:own:' .. session, cmsgpack.pack({ kind, name, id }))
end
