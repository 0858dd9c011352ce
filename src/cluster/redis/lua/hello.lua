-- A session begins. ARGV: 4 ... earlier sessions of this node, whose entries it is about to take over.
redis.call('ZADD', NODES, now, me)
for i = 4, #ARGV do
  local known = redis.call('ZREM', NODES, ARGV[i]) + redis.call('ZREM', NODES, retired(ARGV[i]))
  if known > 0 then redis.call('ZADD', NODES, now, retired(ARGV[i])) end
end
redis.call('PEXPIRE', NODES, keep * 2)
return 1
