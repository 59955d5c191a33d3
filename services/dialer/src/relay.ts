import type { DialJob } from '@callwire/bus'
import { calls } from '@callwire/db'
import { and, eq, sql } from 'drizzle-orm'
import type { DialerDeps } from './deps.ts'
import { forEachCall } from './for-each-call.ts'

/** A job that nobody took for so long, while workers were free, hangs in a dialer that is gone. */
const stuckMs = 5_000

type Deps = Pick<DialerDeps, 'database' | 'queues' | 'clock' | 'log'>

export type Relay = {
  /** Wakes dialers until nothing is left over, or `signal` aborts. Call it every so often. */
  run(signal: AbortSignal): Promise<void>
  /** A worker is done with a wake-up: there is room for another one. */
  worked(): void
}

/**
 * The relay: wakes a dialer for every call that is due in Postgres and has no job in Redis, be it
 * new, back in the queue, or forgotten by a Redis that was flushed. Tenants take turns here, by
 * priority within each; the line in Redis is first come, first served, and so kept short: a call
 * that becomes due stands behind few others, however many calls one tenant has.
 *
 * @param o.most - so many may wait in Redis
 * @param o.pauseMs - between two rounds while the line is full and nobody works it off
 * @param o.hasFreeWorkers - whether a job that waits would be taken at once
 * @param o.mayTake - whether a worker would take a job of this tenant
 */
export function createRelay(
  d: Deps,
  o: {
    most: number
    pauseMs: number
    hasFreeWorkers: () => boolean
    mayTake: (tenantId: string) => boolean
  },
): Relay {
  // As many again, because those that wait in Redis are still due in Postgres and come first.
  const batchSize = 2 * o.most
  /** Filling up costs as much for one place as for many. */
  const roomWorthFilling = Math.max(1, Math.floor(o.most / 4))
  let waiting = new Map<string, number>()
  let room = openRoom()

  function openRoom() {
    return { ...Promise.withResolvers<undefined>(), places: 0 }
  }

  /** Gives whether calls were left over. */
  async function round(): Promise<boolean> {
    const due = await d.database.finder.dueCalls(batchSize)
    const wanted = due.filter(({ tenantId }) => o.mayTake(tenantId))
    const { known, left } = await d.queues.relayDials(wanted, o.most)
    await passOverStuck(known)
    return left > 0 || wanted.length < due.length || due.length === batchSize
  }

  async function passOverStuck(known: readonly DialJob[]): Promise<void> {
    const now = d.clock.monotonicMs()
    const stillWaiting = new Map<string, number>()
    const stuck: DialJob[] = []
    for (const job of known) {
      const key = `${job.callId}-${job.attempt}`
      const since = waiting.get(key) ?? now
      if (now - since >= stuckMs && o.hasFreeWorkers()) stuck.push(job)
      else stillWaiting.set(key, since)
    }
    waiting = stillWaiting
    await forEachCall(stuck, d.log, (job) => passOver(d, job))
  }

  async function roomOrPause(signal: AbortSignal): Promise<void> {
    const enough = new AbortController()
    const pause = d.clock
      .sleep(o.pauseMs, AbortSignal.any([signal, enough.signal]))
      .catch(() => undefined)
    await Promise.race([room.promise, pause])
    enough.abort()
  }

  return {
    run: async (signal) => {
      while (!signal.aborted) {
        room = openRoom()
        if (!(await round())) return
        await roomOrPause(signal)
      }
    },
    worked: () => {
      room.places += 1
      if (room.places >= roomWorthFilling) room.resolve(undefined)
    },
  }
}

/** Gives a call whose wake-up hangs another one; should both run, only one finds it queued. */
async function passOver(d: Deps, job: DialJob): Promise<void> {
  const { tenantId, callId, attempt } = job
  await d.database.withTenant(tenantId, (tx) =>
    tx
      .update(calls)
      .set({ attempt: sql`${calls.attempt} + 1` })
      .where(
        and(
          eq(calls.tenantId, tenantId),
          eq(calls.id, callId),
          eq(calls.status, 'queued'),
          eq(calls.attempt, attempt),
        ),
      ),
  )
  d.log.warn({ callId, attempt }, 'hanging dial job passed over')
}
