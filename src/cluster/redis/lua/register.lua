-- Writes entries of this session back. ARGV: 4 ... six words each: slot, key, holder, '', '', ''; lease, key, holder,
-- counter, waiting, a|w; presence, group, connection, member, '', ''. Answers {name, holder, state ...} of its leases.
if expired() then return stale() end

-- Leases that an earlier session of this node has left under a key: this session brings what is still true.
local taken_over = {}
local function take_over(name)
  if taken_over[name] then return taken_over[name] end
  local before = {}
  for _, lease in ipairs(lease_all(name)) do
    if lease.session ~= me and node_of(lease.session) == node_of(me) then
      before[lease.holder] = lease
      redis.call('HDEL', lease_key(name), lease.holder)
    end
  end
  taken_over[name] = before
  return before
end

local leases = {}
for i = 4, #ARGV, 6 do
  local kind, name, id = ARGV[i], ARGV[i + 1], ARGV[i + 2]
  if kind == 'slot' then
    redis.call('HSET', 'classwire:slot:' .. name, id, me)
    redis.call('PEXPIRE', 'classwire:slot:' .. name, keep)
    own(kind, name, id)
  elseif kind == 'presence' then
    present_add(name, id, ARGV[i + 3])
  else
    local counter, state, before = tonumber(ARGV[i + 3]), ARGV[i + 5], take_over(name)[id]
    -- Another node may have promoted it without this one hearing of it.
    if before and before.counter == counter and before.state == 'a' then state = 'a' end
    keep_counter(counter)
    lease_write(name, { holder = id, counter = counter, waiting = tonumber(ARGV[i + 4]), state = state, session = me })
    own(kind, name, id)
    leases[#leases + 1] = { name, id }
  end
end
-- Nobody is promoted yet: the active holder's node may be on its way back as well.
for name in pairs(taken_over) do settle(name, false) end
for _, pair in ipairs(leases) do
  local lease = lease_get(pair[1], pair[2])
  changes[#changes + 1] = pair[1]
  changes[#changes + 1] = pair[2]
  changes[#changes + 1] = lease and WORD[lease.state] or 'displaced'
end
return changes
