/**
 * The account's budget as Redis keeps it. Redis' own clock decides, for processes' clocks differ.
 *
 * KEYS
 * 1 `memory`  since when this very Redis remembers: its `run` id and the moment. A Redis that was
 *             flushed has none; one that was restarted, from whatever snapshot, and a replica that
 *             was promoted bear another run id than the one that stands here.
 * 2 `window`  the requests of the last minute: id → when it was taken
 * 3 `hold`    there while the account asks to slow down
 * 4 `backs`   who waits: "tenant place" → when it was told to come back
 * 5 `turns`   tenants: → when each was last given something, in µs
 * 6 `seeded`  processes that told what they know of the time before `memory` begins
 * 7 prefix of the tenants' lines: place → its order (high priority first, then first come)
 * 8 `yielded` there while a request that yields has lately been given what others wait for
 *
 * ARGV
 * 1 limit, 2 window ms, 3 settle ms, 4 no-show ms, 5 id of the request, 6 process,
 * 7 tenant or '', 8 place, 9 priority, 10 ms between requests that yield and are given something
 * though others wait; 0: does not yield, 11 '1' when what is known of the time before follows: id,
 * age in ms, id, age …
 *
 * Answers {'ok'}, {'seed'} (tell what is known and ask again), or
 * {'wait', ms until to ask again, ms until there is room as it looks, 'budget' | 'held'}.
 */
export const takeScript = `
local limit, window = tonumber(ARGV[1]), tonumber(ARGV[2])
local settle, noShow = tonumber(ARGV[3]), tonumber(ARGV[4])
local id, process, tenant, place = ARGV[5], ARGV[6], ARGV[7], ARGV[8]
local yields = tonumber(ARGV[10])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local nowUs = time[1] * 1000000 + time[2]
local function text(number) return string.format('%.0f', number) end

-- A reply that was lost: the same request is not counted twice.
if redis.call('ZSCORE', KEYS[2], id) then return {'ok'} end

local run = string.match(redis.call('INFO', 'server'), 'run_id:(%w+)')
local memory = redis.call('HMGET', KEYS[1], 'run', 'since')
local since = tonumber(memory[2])
if memory[1] ~= run or since == nil or since > now then
  since = now
  redis.call('HSET', KEYS[1], 'run', run, 'since', text(since))
end
local openAt, why = now, 'budget'
if now - since < settle + window then
  local told, settling = run .. ':' .. process, run .. ' settles'
  if redis.call('SISMEMBER', KEYS[6], told) == 0 then
    local waits = now - since < settle and redis.call('SISMEMBER', KEYS[6], settling) == 1
    if ARGV[11] ~= '1' and not waits then return {'seed'} end
    local forgotten = 0
    for i = 12, #ARGV, 2 do
      local at = text(now - tonumber(ARGV[i + 1]))
      forgotten = forgotten + redis.call('ZADD', KEYS[2], 'NX', at, ARGV[i])
    end
    redis.call('PEXPIRE', KEYS[2], window + 1000)
    if waits or (forgotten > 0 and now - since < settle) then
      -- Others may have taken requests that they are only now writing down.
      openAt = since + settle
      redis.call('SADD', KEYS[6], settling)
    else
      redis.call('SADD', KEYS[6], told)
    end
    redis.call('PEXPIRE', KEYS[6], settle + window)
  end
end

redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', text(now - window))
local absent = redis.call('ZRANGEBYSCORE', KEYS[4], '-inf', text(now - noShow), 'LIMIT', 0, 100)
for _, one in ipairs(absent) do
  local whose, which = string.match(one, '^(%S+) (.+)$')
  if one ~= tenant .. ' ' .. place then
    redis.call('ZREM', KEYS[7] .. whose, which)
    redis.call('ZREM', KEYS[4], one)
  end
end

local held = redis.call('PTTL', KEYS[3])
if held > 0 and now + held > openAt then openAt, why = now + held, 'held' end
local room = limit - redis.call('ZCARD', KEYS[2])

-- Whose time has come has what there is; a newcomer has what they leave.
local ahead = 0
if tenant ~= '' then
  ahead = redis.call('ZCOUNT', KEYS[4], '-inf', text(now))
  local back = tonumber(redis.call('ZSCORE', KEYS[4], tenant .. ' ' .. place) or 'inf')
  if back <= now then ahead = 0 end
elseif yields > 0 and redis.call('EXISTS', KEYS[8]) == 1 then
  ahead = redis.call('ZCARD', KEYS[4])
end
if openAt <= now and room > ahead then
  redis.call('ZADD', KEYS[2], text(now), id)
  redis.call('PEXPIRE', KEYS[2], window + 1000)
  if tenant ~= '' then
    redis.call('ZREM', KEYS[7] .. tenant, place)
    redis.call('ZREM', KEYS[4], tenant .. ' ' .. place)
    redis.call('ZADD', KEYS[5], text(nowUs), tenant)
    redis.call('PEXPIRE', KEYS[5], 7200000)
  elseif yields > 0 and redis.call('ZCARD', KEYS[4]) > 0 then
    redis.call('SET', KEYS[8], '1', 'PX', yields)
  end
  return {'ok'}
end

-- The place in line: tenants take turns, and the one that was served longest ago has the first.
local position = 0
if tenant ~= '' then
  local line = KEYS[7] .. tenant
  if not redis.call('ZSCORE', line, place) then
    -- Exact in a double until 2039: first the priority, then µs since 2023.
    redis.call('ZADD', line, text((9 - tonumber(ARGV[9])) * 5e14 + nowUs - 1.7e15), place)
  end
  local rank = redis.call('ZRANK', line, place)
  redis.call('ZADD', KEYS[5], 'NX', text(nowUs - window * 1000), tenant)
  local turn = tonumber(redis.call('ZSCORE', KEYS[5], tenant))
  position = rank
  local others = redis.call('ZRANGE', KEYS[5], 0, -1, 'WITHSCORES')
  for i = 1, #others, 2 do
    if others[i] ~= tenant then
      local waiting, theirs = redis.call('ZCARD', KEYS[7] .. others[i]), tonumber(others[i + 1])
      position = position + math.min(waiting, rank)
      if waiting > rank and theirs < turn then position = position + 1 end
      if waiting == 0 and theirs < nowUs - window * 1000 then
        redis.call('ZREM', KEYS[5], others[i])
      end
    end
  end
end

-- Room comes when a request grows old, and what is taken then grows old a window later.
local at = now + math.floor(position / limit) * window
local nth = position % limit - room
if nth >= 0 then
  local oldest = redis.call('ZRANGE', KEYS[2], nth, nth, 'WITHSCORES')
  at = at - now + tonumber(oldest[2]) + window + 1
end
if openAt > now then at = math.max(at, openAt + math.floor(position * window / limit)) end
local about = math.max(1, at - now)

-- Far plans are looked at again on the way there: who was ahead may have gone.
local wait = about
if wait > 300000 then wait = math.min(math.max(300000, math.floor(about / 2)), 3600000) end
if wait < 100 then wait = 100 end
if tenant ~= '' then
  redis.call('ZADD', KEYS[4], text(now + wait), tenant .. ' ' .. place)
  for _, key in ipairs({ KEYS[4], KEYS[5], KEYS[7] .. tenant }) do
    redis.call('PEXPIRE', key, 7200000)
  end
end
return {'wait', wait, about, why}`

/** Holds an account for so many ms; a hold that lasts longer stays. */
export const holdScript = `
if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[1]) then
  redis.call('SET', KEYS[1], '1', 'PX', ARGV[1])
end
return 1`
