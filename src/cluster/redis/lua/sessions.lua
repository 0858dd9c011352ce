-- Sessions of nodes: how they begin, live, take over what an earlier one of the node had, and are cleared away.

--- hello
-- A session begins. ARGV: 4 ... earlier sessions of this node, whose entries it is about to take over.
redis.call('ZADD', NODES, now, me)
for i = 4, #ARGV do
  local known = redis.call('ZREM', NODES, ARGV[i]) + redis.call('ZREM', NODES, retired(ARGV[i]))
  if known > 0 then redis.call('ZADD', NODES, now, retired(ARGV[i])) end
end
redis.call('PEXPIRE', NODES, keep * 2)
return 1

--- beat
-- A sign of life. Answers {lease changes to fetch, dead session ...}, at most ten.
if expired() then return stale() end
redis.call('ZADD', NODES, now, me)
redis.call('PEXPIRE', NODES, keep * 2)
redis.call('PEXPIRE', PREFIX .. 'own:' .. me, keep * 2)
local answer = { redis.call('SCARD', PREFIX .. 'changed:' .. me) }
for _, session in ipairs(redis.call('ZRANGEBYSCORE', NODES, '-inf', now - ttl, 'LIMIT', 0, 10)) do
  answer[#answer + 1] = string.gsub(session, '^~', '')
end
return answer

--- nodes
-- Answers the living sessions.
local answer = {}
for _, session in ipairs(redis.call('ZRANGEBYSCORE', NODES, '(' .. string.format('%.0f', now - ttl), '+inf')) do
  if string.sub(session, 1, 1) ~= '~' then answer[#answer + 1] = session end
end
return answer

--- touch
-- Keeps entries of a living session from expiring. ARGV: 4 ... keys.
for i = 4, #ARGV do redis.call('PEXPIRE', ARGV[i], keep) end
return 1

--- register
-- Writes entries of this session back. ARGV: 4 ... six words each: slot, key, holder, '', '', ''; lease, key, holder,
-- counter, waiting, a|w; presence, group, connection, member, '', ''. Answers {name, holder, state ...} of its leases.
if expired() then return stale() end

-- Leases that an earlier session of this node has left under a key: this session brings what is still true.
local taken_over = {}
local function take_over(name)
  if taken_over[name] then return taken_over[name] end
  local before = {}
  for _, lease in ipairs(lease_all(name)) do
    if lease.session ~= me and node_of(lease.session) == node_of(me) then
      before[lease.holder] = lease
      redis.call('HDEL', lease_key(name), lease.holder)
    end
  end
  taken_over[name] = before
  return before
end

local leases = {}
for i = 4, #ARGV, 6 do
  local kind, name, id = ARGV[i], ARGV[i + 1], ARGV[i + 2]
  if kind == 'slot' then
    redis.call('HSET', PREFIX .. 'slot:' .. name, id, me)
    redis.call('PEXPIRE', PREFIX .. 'slot:' .. name, keep)
    own(kind, name, id)
  elseif kind == 'presence' then
    present_add(name, id, ARGV[i + 3])
  else
    local counter, state, before = tonumber(ARGV[i + 3]), ARGV[i + 5], take_over(name)[id]
    -- Another node may have promoted it without this one hearing of it.
    if before and before.counter == counter and before.state == 'a' then state = 'a' end
    keep_counter(counter)
    lease_write(name, { holder = id, counter = counter, waiting = tonumber(ARGV[i + 4]), state = state, session = me })
    own(kind, name, id)
    leases[#leases + 1] = { name, id }
  end
end
-- Nobody is promoted yet: the active holder's node may be on its way back as well.
for name in pairs(taken_over) do settle(name, false) end
for _, pair in ipairs(leases) do
  local lease = lease_get(pair[1], pair[2])
  changes[#changes + 1] = pair[1]
  changes[#changes + 1] = pair[2]
  changes[#changes + 1] = lease and WORD[lease.state] or 'displaced'
end
return changes

--- sweep
-- Clears away up to 100 entries of a session. ARGV: 4 the session: a dead one, or one of this node; 5, optional, ms for
-- which those who are present stay so, in the wake of a node that goes: a session of its own that dies then like any other.
-- Answers {entries left, {group, member ...} gone, changes}. Each entry is handed to one caller only.
local dead, linger = ARGV[4], tonumber(ARGV[5])
local wake = node_of(dead) .. '.0'
if expired() then return stale() end
if alive(dead) and node_of(dead) ~= node_of(me) then return { 0, {}, {} } end
local gone = {}
for _, item in ipairs(redis.call('SPOP', PREFIX .. 'own:' .. dead, 100)) do
  local kind, name, id = unpack(cmsgpack.unpack(item))
  if kind == 'slot' then
    local key = PREFIX .. 'slot:' .. name
    if redis.call('HGET', key, id) == dead then redis.call('HDEL', key, id) end
  elseif kind == 'lease' then
    local lease = lease_get(name, id)
    if lease and lease.session == dead then
      redis.call('HDEL', lease_key(name), id)
      settle(name, lease.state == 'a')
    end
  else
    local session, member = present_get(name, id)
    if session == dead and linger then
      redis.call('HSET', present_key(name), id, wake .. ':' .. member)
      redis.call('SADD', PREFIX .. 'own:' .. wake, item)
      redis.call('PEXPIRE', PREFIX .. 'own:' .. wake, keep * 2)
      redis.call('ZADD', NODES, now - ttl + linger, retired(wake))
    elseif session == dead and present_remove(name, id, member) then
      gone[#gone + 1] = name
      gone[#gone + 1] = member
    end
  end
end
local left = redis.call('SCARD', PREFIX .. 'own:' .. dead)
if left == 0 then
  redis.call('ZREM', NODES, dead, retired(dead))
  redis.call('DEL', PREFIX .. 'changed:' .. dead)
end
return { left, gone, changes }
