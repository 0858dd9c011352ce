-- ARGV: 4 key, 5 holder.
if expired() then return stale() end
if redis.call('HGET', KEYS[1], ARGV[5]) == me then redis.call('HDEL', KEYS[1], ARGV[5]) end
disown(me, 'slot', ARGV[4], ARGV[5])
return 1
