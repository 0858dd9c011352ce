-- Presence: per group a hash `<prefix>:present:<group>` of connection -> `<session>:<member>`, and a hash
-- `<prefix>:members:<group>` of member -> number of connections.
local function present_key(group)
  return PREFIX .. 'present:' .. group
end

local function members_key(group)
  return PREFIX .. 'members:' .. group
end

local function present_get(group, connection)
  local value = redis.call('HGET', present_key(group), connection)
  if not value then return nil end
  local colon = string.find(value, ':', 1, true)
  return string.sub(value, 1, colon - 1), string.sub(value, colon + 1)
end

-- Whether it was the member's last connection.
local function present_remove(group, connection, member)
  redis.call('HDEL', present_key(group), connection)
  if redis.call('HINCRBY', members_key(group), member, -1) > 0 then return false end
  redis.call('HDEL', members_key(group), member)
  return true
end

-- Whether it is the member's first connection. A connection that is there already only changes hands.
local function present_add(group, connection, member)
  local session, before = present_get(group, connection)
  if session and before ~= member then present_remove(group, connection, before) end
  redis.call('HSET', present_key(group), connection, me .. ':' .. member)
  own('presence', group, connection)
  local first = false
  if not session or before ~= member then
    first = redis.call('HINCRBY', members_key(group), member, 1) == 1
  end
  redis.call('PEXPIRE', present_key(group), keep)
  redis.call('PEXPIRE', members_key(group), keep)
  return first
end

--- presence-enter
-- ARGV: 4 group, 5 member, 6 connection. Answers {first, members}.
if expired() then return stale() end
local first = present_add(ARGV[4], ARGV[6], ARGV[5])
return { first and 1 or 0, redis.call('HLEN', members_key(ARGV[4])) }

--- presence-leave
-- ARGV: 4 group, 5 member, 6 connection. Answers {last, members}.
if expired() then return stale() end
local session, member = present_get(ARGV[4], ARGV[6])
local last = false
if session == me and member == ARGV[5] then
  last = present_remove(ARGV[4], ARGV[6], member)
  disown(me, 'presence', ARGV[4], ARGV[6])
end
return { last and 1 or 0, redis.call('HLEN', members_key(ARGV[4])) }

--- presence-size
-- ARGV: 4 group. Answers {connections, members}.
return { redis.call('HLEN', present_key(ARGV[4])), redis.call('HLEN', members_key(ARGV[4])) }
