-- Rates: a counter per key that ends with its window.

--- rate
-- The window of one key: KEYS[1]; ARGV: 4 points (1; -1 to give back; 0 to ask), 5 seconds, 6 limit. Answers {consumed, ms left},
-- consumed above the limit when refused. A refusal changes nothing, and only a take opens a window.
local points, seconds, limit = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local consumed = tonumber(redis.call('GET', KEYS[1]) or '0')
local left = redis.call('PTTL', KEYS[1])
if left < 0 then consumed = 0 end
if points <= 0 then
  if consumed > 0 then consumed = redis.call('INCRBY', KEYS[1], points) end
  return { consumed, math.max(left, 0) }
end
if consumed + points > limit then
  if left < 0 then left = seconds * 1000 end
  return { consumed + points, left }
end
if left < 0 then
  redis.call('SET', KEYS[1], points, 'PX', seconds * 1000)
  return { points, seconds * 1000 }
end
return { redis.call('INCRBY', KEYS[1], points), left }
