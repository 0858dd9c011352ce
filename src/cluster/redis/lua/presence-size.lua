-- ARGV: 4 group. Answers {connections, members}.
return { redis.call('HLEN', present_key(ARGV[4])), redis.call('HLEN', members_key(ARGV[4])) }
