-- Answers the number of living holders.
local count = 0
for _, session in ipairs(redis.call('HVALS', KEYS[1])) do
  if alive(session) then count = count + 1 end
end
return count
