import { systemRandom, type Random } from '@callwire/runtime'
import { busCall } from './bus-error.ts'
import type { BusConnection } from './connection.ts'
import { names } from './names.ts'

export type Budget = {
  /** Takes one request from the account's budget, or says when to ask again. */
  take(sid: string): Promise<{ ok: true } | { ok: false; retryAfterMs: number }>
}

/**
 * The limit is on requests as the other side sees them, which is up to a dialing deadline (2 s)
 * after they are taken: a window of exactly a minute here would let one more through there.
 */
const windowMs = 60_000 + 2_000

/**
 * Redis' own clock decides, for processes' clocks differ. A repeat after a lost reply brings the
 * same member and is not counted twice.
 */
const takeScript = `
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local window = tonumber(ARGV[2])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now - window))
if redis.call('ZSCORE', KEYS[1], ARGV[3]) then return -1 end
if redis.call('ZCARD', KEYS[1]) < tonumber(ARGV[1]) then
  redis.call('ZADD', KEYS[1], string.format('%.0f', now), ARGV[3])
  redis.call('PEXPIRE', KEYS[1], window + 1000)
  return -1
end
local oldest = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
return math.max(1, tonumber(oldest[2]) + window - now + 1)`

/**
 * Never more than `perMinute` requests per Exotel account in any 60 s, over all processes.
 * Rejects with `BusError` while Redis is away: without the budget nothing may be sent.
 */
export function createBudget(
  conn: BusConnection,
  o: { perMinute: number; random?: Random },
): Budget {
  const random = o.random ?? systemRandom
  return {
    take: (sid) =>
      busCall(async () => {
        const member = random(12).toString('base64url')
        const args = [names.budget(sid), o.perMinute, windowMs, member]
        const waitMs = Number(await conn.command.eval(takeScript, 1, ...args))
        return waitMs < 0 ? { ok: true } : { ok: false, retryAfterMs: waitMs }
      }),
  }
}
