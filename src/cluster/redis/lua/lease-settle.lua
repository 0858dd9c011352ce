-- ARGV: 4 ... keys, some of which may have lost their active holder unseen. Answers the changes.
if not alive(me) then return stale() end
for i = 4, #ARGV do settle(ARGV[i], true) end
return changes
