import { names } from '../names.ts'
import type { BusConnection } from '../connection.ts'

/**
 * Lets time pass for one account's budget: everything it remembers grows older by `ms`. Redis'
 * clock cannot be set, and nothing else of it depends on the time.
 */
const passScript = `
local ms = tonumber(ARGV[1])
local function text(number) return string.format('%.0f', number) end
local function age(key, by)
  local all = redis.call('ZRANGE', key, 0, -1, 'WITHSCORES')
  for i = 1, #all, 2 do redis.call('ZADD', key, text(all[i + 1] - by), all[i]) end
end
local since = redis.call('HGET', KEYS[1], 'since')
if since then redis.call('HSET', KEYS[1], 'since', text(since - ms)) end
age(KEYS[2], ms)
age(KEYS[2] .. ':backs', ms)
age(KEYS[2] .. ':turns', ms * 1000)
for _, part in ipairs({ ':hold', ':yielded' }) do
  local left = redis.call('PTTL', KEYS[2] .. part)
  if left > ms then redis.call('PEXPIRE', KEYS[2] .. part, left - ms)
  elseif left > 0 then redis.call('DEL', KEYS[2] .. part) end
end
return 1`

export async function passTime(conn: BusConnection, sid: string, ms: number): Promise<void> {
  await conn.command.eval(passScript, 2, names.budgetMemory, names.budget(sid), ms)
}
