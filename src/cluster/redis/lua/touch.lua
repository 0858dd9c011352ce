-- Keeps entries of a living session from expiring. ARGV: 4 ... keys.
for i = 4, #ARGV do redis.call('PEXPIRE', ARGV[i], keep) end
return 1
