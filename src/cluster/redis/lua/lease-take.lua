-- ARGV: 4 key, 5 holder, 6 waiting. Answers {0} when the waiting list is full, else {1, counter as text, displaced holder
-- or '', its node or '', changes ...}.
if expired() then return stale() end
local name, holder, waiting = ARGV[4], ARGV[5], tonumber(ARGV[6])
local queue = 0
for _, lease in ipairs(lease_all(name)) do
  if lease.holder ~= holder then
    if not alive(lease.session) then
      redis.call('HDEL', KEYS[1], lease.holder)
    elseif lease.state == 'w' then
      queue = queue + 1
    end
  end
end
if waiting > 0 and queue >= waiting then return { 0 } end
local counter = next_counter()
keep_counter(counter)
lease_write(name, { holder = holder, counter = counter, waiting = waiting, state = 'a', session = me })
own('lease', name, holder)
local displaced = settle(name, false, holder)
local answer = { 1, string.format('%.0f', counter), '', '' }
if displaced then
  answer[3] = displaced.holder
  answer[4] = node_of(displaced.session)
end
for _, word in ipairs(changes) do answer[#answer + 1] = word end
return answer
