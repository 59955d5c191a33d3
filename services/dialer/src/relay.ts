import { calls } from '@callwire/db'
import { and, eq, sql } from 'drizzle-orm'
import type { DialerDeps } from './deps.ts'
import { forEachCall } from './for-each-call.ts'

/** Calls woken in one round. What is left over is due a little later. */
const batchSize = 500
/** A job that nobody took for so long, while workers were free, hangs in a dialer that is gone. */
const stuckMs = 5_000

type Deps = Pick<DialerDeps, 'database' | 'queues' | 'clock' | 'log'>

/**
 * The relay: wakes a dialer for every call that is due in Postgres and has no job in Redis, be it
 * new, back in the queue, or forgotten by a Redis that was flushed. Call the result every round.
 *
 * @param hasFreeWorkers - whether a job that waits would be taken at once
 */
export function createRelay(d: Deps, hasFreeWorkers: () => boolean): () => Promise<void> {
  let waiting = new Map<string, number>()
  return async () => {
    const now = d.clock.monotonicMs()
    const due = await d.database.finder.dueCalls(batchSize)
    const stillWaiting = new Map<string, number>()
    await forEachCall(due, d.log, async (call) => {
      const { tenantId, callId, attempt } = call
      if (!(await d.queues.hasDialJob(callId, attempt))) {
        await d.queues.wakeDialer(call)
        return
      }
      const key = `${callId}-${attempt}`
      const since = waiting.get(key) ?? now
      if (now - since < stuckMs || !hasFreeWorkers()) stillWaiting.set(key, since)
      else await passOver(d, { tenantId, callId, attempt })
    })
    waiting = stillWaiting
  }
}

/** Gives a call whose wake-up hangs another one; should both run, only one finds it queued. */
async function passOver(
  d: Deps,
  o: { tenantId: string; callId: string; attempt: number },
): Promise<void> {
  await d.database.withTenant(o.tenantId, (tx) =>
    tx
      .update(calls)
      .set({ attempt: sql`${calls.attempt} + 1` })
      .where(
        and(
          eq(calls.tenantId, o.tenantId),
          eq(calls.id, o.callId),
          eq(calls.status, 'queued'),
          eq(calls.attempt, o.attempt),
        ),
      ),
  )
  d.log.warn({ callId: o.callId, attempt: o.attempt }, 'hanging dial job passed over')
}
