-- Presence: per group a hash `classwire:present:<group>` of connection -> `<session>:<member>`, and a hash
-- `classwire:members:<group>` of member -> number of connections.
local function present_key(group)
  return 'classwire:present:' .. group
end

local function members_key(group)
  return 'classwire:members:' .. group
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
