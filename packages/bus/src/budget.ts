import type { Clock, Random } from '@callwire/runtime'
import { busCall } from './bus-error.ts'
import type { BusConnection } from './connection.ts'
import { names } from './names.ts'

/** What an account was asked lately, as it is written down outside of Redis. */
export type RequestHistory = {
  /** Ids of the requests that were taken in the last minute or so, and how long ago each was. */
  recent(sid: string): Promise<{ id: string; ageMs: number }[]>
}

/** Who waits when there is no room: its place in line is kept between its questions. */
export type BudgetPlace = {
  /** The same at every question, a call's id. */
  id: string
  /** Tenants on one account take turns. */
  tenantId: string
  /** 0–9, within the tenant; 9 first. */
  priority: number
}

export type TakeOptions = {
  /** Without one a request takes what room there is now, past all who wait. */
  place?: BudgetPlace
  /** Used instead of the budget's own, by a caller that holds a database connection already. */
  history?: RequestHistory
}

export type BudgetAnswer =
  /** `id` names the request in the history: it has to be written there before it is sent. */
  | { ok: true; id: string }
  /**
   * `retryAfterMs`: when to ask again. `aboutMs`: when there will be room, as it looks now, to tell
   * a person. `held`: the account asked to slow down; `budget`: its minute is used up.
   */
  | { ok: false; retryAfterMs: number; aboutMs: number; why: 'budget' | 'held' }

export type Budget = {
  /** Takes one request from the account's budget, or says when to ask again. */
  take(sid: string, o?: TakeOptions): Promise<BudgetAnswer>
  /** Nothing is given to the account for so long: it answered 429. Never shortens a hold. */
  hold(sid: string, ms: number): Promise<void>
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
  o: { perMinute: number; history: RequestHistory; clock: Clock; random: Random },
): Budget {
  const holdKey = (sid: string) => `${names.budget(sid)}:hold`
  return {
    take: (sid) =>
      busCall(async () => {
        const heldMs = await conn.command.pttl(holdKey(sid))
        if (heldMs > 0) return { ok: false, retryAfterMs: heldMs, aboutMs: heldMs, why: 'held' }
        const id = o.random(12).toString('base64url')
        const args = [names.budget(sid), o.perMinute, windowMs, id]
        const waitMs = Number(await conn.command.eval(takeScript, 1, ...args))
        if (waitMs < 0) return { ok: true, id }
        return { ok: false, retryAfterMs: waitMs, aboutMs: waitMs, why: 'budget' }
      }),
    hold: (sid, ms) =>
      busCall(async () => {
        await conn.command.set(holdKey(sid), '1', 'PX', Math.max(1, Math.ceil(ms)))
      }),
  }
}
