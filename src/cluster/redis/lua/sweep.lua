-- Clears away up to 100 entries of a session. ARGV: 4 the session: a dead one, or one of this node; 5, optional, ms for
-- which those who are present stay so, in the wake of a node that goes: a session of its own that dies then like any other.
-- Answers {entries left, {group, member ...} gone, changes}. Each entry is handed to one caller only.
local dead, linger = ARGV[4], tonumber(ARGV[5])
local wake = node_of(dead) .. '.0'
if expired() then return stale() end
if alive(dead) and node_of(dead) ~= node_of(me) then return { 0, {}, {} } end
local gone = {}
for _, item in ipairs(redis.call('SPOP', 'classwire:own:' .. dead, 100)) do
  local kind, name, id = unpack(cmsgpack.unpack(item))
  if kind == 'slot' then
    local key = 'classwire:slot:' .. name
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
      redis.call('SADD', 'classwire:own:' .. wake, item)
      redis.call('PEXPIRE', 'classwire:own:' .. wake, keep * 2)
      redis.call('ZADD', NODES, now - ttl + linger, retired(wake))
    elseif session == dead and present_remove(name, id, member) then
      gone[#gone + 1] = name
      gone[#gone + 1] = member
    end
  end
end
local left = redis.call('SCARD', 'classwire:own:' .. dead)
if left == 0 then
  redis.call('ZREM', NODES, dead, retired(dead))
  redis.call('DEL', 'classwire:changed:' .. dead)
end
return { left, gone, changes }
