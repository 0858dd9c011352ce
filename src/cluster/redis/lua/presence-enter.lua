-- ARGV: 4 group, 5 member, 6 connection. Answers {first, members}.
if expired() then return stale() end
local first = present_add(ARGV[4], ARGV[6], ARGV[5])
return { first and 1 or 0, redis.call('HLEN', members_key(ARGV[4])) }
