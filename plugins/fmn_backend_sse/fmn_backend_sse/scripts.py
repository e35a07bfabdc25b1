"""What Redis runs for us, each script as one step that nothing comes between."""

from __future__ import annotations

#: the time, the ids, and the news that each names the one before it
_COMMON = """
local function now(given)
    if given ~= '' then return tonumber(given) end
    local time = redis.call('TIME')
    return time[1] * 1000000 + time[2]
end
local function text(number) return string.format('%.0f', number) end
local function next_id(latest, now)
    local given = text(math.max(now, (redis.call('GET', latest) or 0) + 1))
    redis.call('SET', latest, given)
    return given
end
local function tell(news, id, user)
    local before = redis.call('XREVRANGE', news, '+', '-', 'COUNT', 1)[1]
    before = before and string.match(before[1], '%d+') or '0'
    redis.call('XADD', news, 'MAXLEN', '~', 10000, id .. '-0', 'user', user, 'before', before)
end
"""

#: keys: latest, news, latest_of, seen, events; arguments: now, keep, keep_events, user, name, data; returns 1 if added;
#: each event names the one before it, so that what was forgotten is known
APPEND = f"""{_COMMON}
local latest, news, latest_of, seen, events = unpack(KEYS)
local keep, keep_events, user, name, data = tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4], ARGV[5], ARGV[6]
local life = math.ceil(keep / 1000)
if not redis.call('SET', seen, 1, 'NX', 'PX', life) then return 0 end
local now = now(ARGV[1])
local id = next_id(latest, now)
local before = redis.call('HGET', latest_of, user) or '0'
redis.call('XADD', events, 'MINID', text(math.max(0, now - keep)), id .. '-0',
    'name', name, 'data', data, 'before', before)
redis.call('HSET', latest_of, user, id)
redis.call('XTRIM', events, 'MAXLEN', keep_events)
redis.call('PEXPIRE', events, life)
tell(news, id, user)
return 1
"""

#: keys: latest, generations, latest_of, and for each user events; arguments: now, keep, limit, and for each user name
#: and position; returns the latest id, and for each user generation, horizon and events
READ = f"""{_COMMON}
local oldest = math.max(0, now(ARGV[1]) - ARGV[2])
local found = {{redis.call('GET', KEYS[1]) or '0'}}
for place = 4, #KEYS do
    local user, position = ARGV[2 * place - 4], tonumber(ARGV[2 * place - 3])
    local first = redis.call('XRANGE', KEYS[place], text(oldest), '+', 'COUNT', 1)[1]
    table.insert(found, {{
        redis.call('HGET', KEYS[2], user) or '0',
        first and first[2][6] or redis.call('HGET', KEYS[3], user) or '0',
        redis.call('XRANGE', KEYS[place], text(math.max(position + 1, oldest)), '+', 'COUNT', ARGV[3]),
    }})
end
return found
"""

#: keys: latest, generations, news; arguments: now, user, and "renew" or "keep"; returns the generation
RENEW = f"""{_COMMON}
local latest, generations, news = unpack(KEYS)
local user, known = ARGV[2], redis.call('HGET', KEYS[2], ARGV[2])
if known and ARGV[3] == 'keep' then return known end
local id = next_id(latest, now(ARGV[1]))
redis.call('HSET', generations, user, id)
if ARGV[3] == 'renew' then tell(news, id, user) end
return id
"""
