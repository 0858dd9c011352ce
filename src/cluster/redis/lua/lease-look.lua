-- ARGV: 4 ... keys, some of which may have lost their active holder unseen. Answers {name, holder, state ...} for each, with
-- all holders that this session has of it.
if expired() then return stale() end
local answer = {}
for i = 4, #ARGV do
  settle(ARGV[i], true)
  answer[#answer + 1] = lease_row(ARGV[i])
end
return answer
