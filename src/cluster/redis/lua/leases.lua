-- Leases: a hash per key, `<prefix>:lease:<key>`, of holder -> `<counter>:<waiting>:<a|w>:<session>`.
-- a = active, w = waiting. Every change goes through settle().
local WORD = { a = 'active', w = 'waiting' }
-- What changed for holders of the calling session: name, holder, state, name, holder, state ...
local changes = {}

local function lease_key(name)
  return PREFIX .. 'lease:' .. name
end

local function lease_parse(holder, value)
  local counter, waiting, state, session = string.match(value, '^(%d+):(%d+):(%a):(.*)$')
  return { holder = holder, counter = tonumber(counter), waiting = tonumber(waiting), state = state, session = session }
end

local function lease_write(name, lease)
  local value = string.format('%.0f:%d:%s:%s', lease.counter, lease.waiting, lease.state, lease.session)
  redis.call('HSET', lease_key(name), lease.holder, value)
  redis.call('PEXPIRE', lease_key(name), keep)
end

local function lease_get(name, holder)
  local value = redis.call('HGET', lease_key(name), holder)
  return value and lease_parse(holder, value)
end

-- All of a key, newest first. Two nodes that decided alone may have given the same counter: then the holder's name decides.
local function lease_all(name)
  local flat, leases = redis.call('HGETALL', lease_key(name)), {}
  for i = 1, #flat, 2 do
    leases[#leases + 1] = lease_parse(flat[i], flat[i + 1])
  end
  table.sort(leases, function(one, other)
    if one.counter ~= other.counter then return one.counter > other.counter end
    return one.holder > other.holder
  end)
  return leases
end

-- {name, holder, state, holder, state ...}: what the calling session has of a key.
local function lease_row(name)
  local row = { name }
  for _, lease in ipairs(lease_all(name)) do
    if lease.session == me then
      row[#row + 1] = lease.holder
      row[#row + 1] = WORD[lease.state]
    end
  end
  return row
end

-- Told to the caller by the answer; to others by a note that they fetch, at once on the message, else with their next refresh.
local function tell(name, lease, state)
  if lease.session == me then
    changes[#changes + 1] = name
    changes[#changes + 1] = lease.holder
    changes[#changes + 1] = state
  else
    local notes = PREFIX .. 'changed:' .. lease.session
    redis.call('SADD', notes, name)
    redis.call('PEXPIRE', notes, keep)
    redis.call('PUBLISH', PREFIX .. 'to:' .. node_of(lease.session), 'leases')
  end
end

-- The highest counter is active, if any is or `promote` says so; the others wait, as long as their list allows.
-- Answers the one that was active before and is not any more.
local function settle(name, promote, newcomer)
  local leases, champion, displaced = lease_all(name), nil, nil
  local occupied = promote
  for _, lease in ipairs(leases) do
    occupied = occupied or lease.state == 'a'
  end
  if occupied then
    for _, lease in ipairs(leases) do
      if not champion and (lease.state == 'a' or alive(lease.session)) then champion = lease end
    end
  end
  local rank = 0
  for _, lease in ipairs(leases) do
    local before, after = lease.state, 'a'
    if lease ~= champion then
      after = rank < lease.waiting and 'w' or 'gone'
      if after == 'w' then rank = rank + 1 end
      if before == 'a' then displaced = lease end
    end
    if after == 'gone' then
      redis.call('HDEL', lease_key(name), lease.holder)
      disown(lease.session, 'lease', name, lease.holder)
      tell(name, lease, 'displaced')
    elseif after ~= before then
      lease.state = after
      lease_write(name, lease)
      if lease.holder ~= newcomer then tell(name, lease, WORD[after]) end
    end
  end
  return displaced
end

-- Above every counter given so far, and above those given before Redis was emptied, because it follows the clock.
local function next_counter()
  local last = tonumber(redis.call('GET', PREFIX .. 'counter') or '0')
  return math.max(last + 1, clock[1] * 1000000 + clock[2])
end

local function keep_counter(counter)
  local last = tonumber(redis.call('GET', PREFIX .. 'counter') or '0')
  redis.call('SET', PREFIX .. 'counter', string.format('%.0f', math.max(last, counter)), 'PX', keep * 2)
end

--- lease-take
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

--- lease-release
-- ARGV: 4 key, 5 holder. Answers the changes.
if expired() then return stale() end
local name, holder = ARGV[4], ARGV[5]
local lease = lease_get(name, holder)
disown(me, 'lease', name, holder)
if lease and lease.session == me then
  redis.call('HDEL', KEYS[1], holder)
  settle(name, lease.state == 'a')
end
return changes

--- lease-changes
-- What others did to the leases of this session since it asked last: {more, {name, holder, state, holder, state ...} ...}
-- with all holders that it still has of each key concerned.
if expired() then return stale() end
local notes = PREFIX .. 'changed:' .. me
local answer = { 0 }
for _, name in ipairs(redis.call('SPOP', notes, 200)) do
  answer[#answer + 1] = lease_row(name)
end
answer[1] = redis.call('SCARD', notes)
return answer

--- lease-look
-- ARGV: 4 ... keys, some of which may have lost their active holder unseen. Answers {name, holder, state ...} for each, with
-- all holders that this session has of it.
if expired() then return stale() end
local answer = {}
for i = 4, #ARGV do
  settle(ARGV[i], true)
  answer[#answer + 1] = lease_row(ARGV[i])
end
return answer
