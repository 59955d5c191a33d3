import { setTimeout as sleep } from 'node:timers/promises'
import type { System } from './system.ts'

const CALLS_A_SECOND = 5
/** A call that has not been placed by then failed, whatever becomes of it. */
const SETTLED_MS = 60_000
const LOOK_MS = 500

export type Dials = {
  placed: number
  failed: number
  /** From the API's acceptance to Exotel's, in ms: the 99th percentile. */
  p99Ms: number
}

/** Calls placed through the API, one after another phone, until it is disposed. */
export type Load = AsyncDisposable & {
  /** How many the API has taken since the start. */
  accepted(): number
  /** What became of the calls since a moment, once all of them are settled. */
  dialsSince(at: Date): Promise<Dials>
}

/** @param phones - used in turns, so that credentials of either key are opened */
export function startLoad(system: System, phones: readonly string[]): Load {
  const stop = new AbortController()
  const refused: Date[] = []
  let accepted = 0
  const placing = new Set<Promise<void>>()

  const place = async (n: number) => {
    const at = new Date()
    try {
      await system.client.calls.place({
        phoneId: phones[(n * 7_919) % phones.length] ?? '',
        to: `+9198${String(n).padStart(8, '0')}`,
      })
      accepted += 1
    } catch {
      refused.push(at)
    }
  }
  const running = (async () => {
    for (let n = 0; !stop.signal.aborted; n += 1) {
      const one = place(n).finally(() => placing.delete(one))
      placing.add(one)
      await sleep(1_000 / CALLS_A_SECOND)
    }
    await Promise.all(placing)
  })()

  return {
    accepted: () => accepted,
    dialsSince: async (at) => {
      const until = Date.now() + SETTLED_MS
      let dials = await countDials(system, at)
      while (dials.open > 0 && Date.now() < until) {
        await sleep(LOOK_MS)
        dials = await countDials(system, at)
      }
      const failed = dials.failed + dials.open + refused.filter((moment) => moment >= at).length
      return { placed: dials.placed, failed, p99Ms: dials.p99Ms }
    },
    [Symbol.asyncDispose]: async () => {
      stop.abort()
      await running
    },
  }
}

/** The scenario lets the person be busy: that, and nothing else, is a call that was placed well. */
async function countDials(system: System, at: Date): Promise<Dials & { open: number }> {
  const [row] = await system.sql<[Dials & { open: number }]>`
    select
      (count(*) filter (where status = 'busy'))::int as placed,
      (count(*) filter (where ended_at is not null and status <> 'busy'))::int as failed,
      (count(*) filter (where ended_at is null))::int as open,
      coalesce(percentile_cont(0.99) within group (
        order by extract(epoch from dialed_at - created_at) * 1000), 0)::float8 as "p99Ms"
    from calls where created_at >= ${at} and created_at < now() - interval '2 seconds'`
  return row
}
