-- A session begins. ARGV: 4 ... earlier sessions of this node, whose entries it is about to take over.
redis.call('ZADD', NODES, now, me)
for i = 4, #ARGV do redis.call('ZADD', NODES, 'XX', now, ARGV[i]) end
redis.call('PEXPIRE', NODES, keep * 2)
return 1
