-- What others did to the leases of this session since it asked last: {more, {name, holder, state, holder, state ...} ...}
-- with all holders that it still has of each key concerned.
if not alive(me) then return stale() end
local notes = 'classwire:changed:' .. me
local answer = { 0 }
for _, name in ipairs(redis.call('SPOP', notes, 200)) do
  local row = { name }
  for _, lease in ipairs(lease_all(name)) do
    if lease.session == me then
      row[#row + 1] = lease.holder
      row[#row + 1] = WORD[lease.state]
    end
  end
  answer[#answer + 1] = row
end
answer[1] = redis.call('SCARD', notes)
return answer
