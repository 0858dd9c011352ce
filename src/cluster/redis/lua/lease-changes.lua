-- What others did to the leases of this session since it asked last: {more, {name, holder, state, holder, state ...} ...}
-- with all holders that it still has of each key concerned.
if expired() then return stale() end
local notes = 'classwire:changed:' .. me
local answer = { 0 }
for _, name in ipairs(redis.call('SPOP', notes, 200)) do
  answer[#answer + 1] = lease_row(name)
end
answer[1] = redis.call('SCARD', notes)
return answer
