-- A sign of life. Answers {lease changes to fetch, dead session ...}, at most ten.
if expired() then return stale() end
redis.call('ZADD', NODES, now, me)
redis.call('PEXPIRE', NODES, keep * 2)
redis.call('PEXPIRE', 'classwire:own:' .. me, keep * 2)
local answer = { redis.call('SCARD', 'classwire:changed:' .. me) }
for _, session in ipairs(redis.call('ZRANGEBYSCORE', NODES, '-inf', now - ttl, 'LIMIT', 0, 10)) do
  answer[#answer + 1] = string.gsub(session, '^~', '')
end
return answer
