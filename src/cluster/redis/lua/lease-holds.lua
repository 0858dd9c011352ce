-- ARGV: 4 key, 5 holder. Answers 1 if it is the active one of a living node.
local lease = lease_get(ARGV[4], ARGV[5])
return lease and lease.state == 'a' and alive(lease.session) and 1 or 0
