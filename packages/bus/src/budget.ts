import type { Clock, Random } from '@callwire/runtime'
import { z } from 'zod'
import { holdScript, takeScript } from './budget-script.ts'
import { busCall, BusError } from './bus-error.ts'
import type { BusConnection } from './connection.ts'
import { names } from './names.ts'
import { createRecentTakes } from './recent-takes.ts'
import { createScript } from './script.ts'

/** What an account was asked lately, as it is written down outside of Redis. */
export type RequestHistory = {
  /** Ids of the requests that were taken within so many ms, and how long ago each was. */
  recent(sid: string, withinMs: number): Promise<{ id: string; ageMs: number }[]>
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
  /** Without a place: leaves what room there is to all who wait, but for one request in ten. */
  yields?: boolean
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
export const windowMs = 60_000 + 2_000
/**
 * After Redis forgot, what was taken before may not be written down yet; as long as a taker has
 * from the taking to the sending.
 */
export const settleMs = 2_000
/** Who is told to come back and does not come for so long loses its place, and delays nobody. */
const noShowMs = 10_000
/** While others wait, one request in so many goes to those that yield: they get on all the same. */
const yieldingShare = 10
/** Redis may be flushed while its memory is refilled; twice in a row it is not worth a third try. */
const seedings = 2

const answerSchema = z.union([
  z.tuple([z.literal('ok')]),
  z.tuple([z.literal('seed')]),
  z.tuple([z.literal('wait'), z.number(), z.number(), z.enum(['budget', 'held'])]),
])

type Known = { id: string; ageMs: number }[]

/**
 * Never more than `perMinute` requests per Exotel account in any 60 s, over all processes. Who finds
 * no room gets a place in line and the time when there will be some: tenants take turns there, and
 * within a tenant priority goes first. Who comes back then is served before newcomers.
 *
 * A Redis that forgot (flushed, restarted from a snapshot, failed over) is told again what the
 * history and each process know of the last minute, before it gives anything to the account. What
 * is left: requests of other processes that were taken, and in 2 s not written down.
 *
 * `take` and `hold` reject with `BusError` while Redis is away, `take` also with what the history
 * rejects with: without the budget nothing may be sent.
 */
export function createBudget(
  conn: BusConnection,
  o: { perMinute: number; history: RequestHistory; clock: Clock; random: Random },
): Budget {
  const process = o.random(9).toString('base64url')
  const own = createRecentTakes(o.clock, windowMs)
  const takeOnce = createScript(conn, takeScript)
  const holdOnce = createScript(conn, holdScript)

  const yieldMs = Math.ceil((windowMs * yieldingShare) / o.perMinute)

  const ask = (
    sid: string,
    id: string,
    { place, yields = false }: TakeOptions,
    known: Known | null,
  ) => {
    const key = names.budget(sid)
    const parts = ['', ':hold', ':backs', ':turns', ':seeded', ':line:', ':yielded'].map(
      (part) => key + part,
    )
    const who =
      place === undefined
        ? ['', '', 0]
        : [place.tenantId, place.id, Math.min(9, Math.max(0, place.priority))]
    const seeds =
      known === null ? [] : ['1', ...known.flatMap(({ id, ageMs }) => [id, Math.floor(ageMs)])]
    const args = [o.perMinute, windowMs, settleMs, noShowMs, id, process, ...who]
    args.push(yields ? yieldMs : 0, ...seeds)
    return busCall(async () =>
      answerSchema.parse(await takeOnce([names.budgetMemory, ...parts], args)),
    )
  }

  return {
    take: async (sid, asked = {}) => {
      const { history = o.history } = asked
      const id = o.random(12).toString('base64url')
      let answer = await ask(sid, id, asked, null)
      for (let i = 0; answer[0] === 'seed' && i < seedings; i += 1) {
        // Of a request that is in both, the younger age counts: the row is written a little later.
        const known = [...own.recent(sid), ...(await history.recent(sid, windowMs))]
        answer = await ask(sid, id, asked, known)
      }
      switch (answer[0]) {
        case 'ok':
          own.add(sid, id)
          return { ok: true, id }
        case 'wait': {
          const [, retryAfterMs, aboutMs, why] = answer
          return { ok: false, retryAfterMs, aboutMs, why }
        }
        case 'seed':
          throw new BusError('unavailable', 'Redis forgets faster than it is told.')
      }
    },
    hold: async (sid, ms) => {
      const forMs = Math.max(1, Math.ceil(ms))
      await busCall(() => holdOnce([`${names.budget(sid)}:hold`], [forMs]))
    },
  }
}
