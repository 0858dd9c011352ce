-- ARGV: 4 group, 5 member, 6 connection. Answers {last, members}.
if expired() then return stale() end
local session, member = present_get(ARGV[4], ARGV[6])
local last = false
if session == me and member == ARGV[5] then
  last = present_remove(ARGV[4], ARGV[6], member)
  disown(me, 'presence', ARGV[4], ARGV[6])
end
return { last and 1 or 0, redis.call('HLEN', members_key(ARGV[4])) }
