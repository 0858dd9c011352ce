-- Answers the living sessions.
local answer = {}
for _, session in ipairs(redis.call('ZRANGEBYSCORE', NODES, '(' .. string.format('%.0f', now - ttl), '+inf')) do
  if string.sub(session, 1, 1) ~= '~' then answer[#answer + 1] = session end
end
return answer
