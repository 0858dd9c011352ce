-- ARGV: 4 key, 5 holder. Answers the changes.
if expired() then return stale() end
local name, holder = ARGV[4], ARGV[5]
local lease = lease_get(name, holder)
disown(me, 'lease', name, holder)
if lease and lease.session == me then
  redis.call('HDEL', KEYS[1], holder)
  settle(name, lease.state == 'a')
end
return changes
