-- Answers the living sessions.
return redis.call('ZRANGEBYSCORE', NODES, '(' .. string.format('%.0f', now - ttl), '+inf')
