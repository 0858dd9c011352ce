-- Slots: a hash per key, `<prefix>:slot:<key>`, of holder -> session.

--- slot-take
-- ARGV: 4 key, 5 holder, 6 limit. Answers {1}, or {0, holder, node, holder, node ...} when all slots are taken.
if expired() then return stale() end
local key, holder, limit = KEYS[1], ARGV[5], tonumber(ARGV[6])
local flat, count, mine, full = redis.call('HGETALL', key), 0, false, { 0 }
for i = 1, #flat, 2 do
  if flat[i] == holder then
    mine = true
  elseif alive(flat[i + 1]) then
    count = count + 1
    full[#full + 1] = flat[i]
    full[#full + 1] = node_of(flat[i + 1])
  else
    redis.call('HDEL', key, flat[i])
  end
end
if not mine and count >= limit then return full end
redis.call('HSET', key, holder, me)
redis.call('PEXPIRE', key, keep)
own('slot', ARGV[4], holder)
return { 1 }

--- slot-release
-- ARGV: 4 key, 5 holder.
if expired() then return stale() end
if redis.call('HGET', KEYS[1], ARGV[5]) == me then redis.call('HDEL', KEYS[1], ARGV[5]) end
disown(me, 'slot', ARGV[4], ARGV[5])
return 1
