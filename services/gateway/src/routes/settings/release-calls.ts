import type { CallReasonCode, PatchSettingsBody } from '@callwire/contracts'
import { calls, type Tx } from '@callwire/db'
import { and, eq, gt, inArray, sql } from 'drizzle-orm'

/**
 * Has the dialer look again at once at calls that wait because of a rule that was just changed: a
 * call held until Monday must not wait for Monday when the hours that held it are gone. The next
 * wake-up is another job, since the one that waits is due when it is due.
 */
export async function releaseCalls(tx: Tx, changes: PatchSettingsBody): Promise<void> {
  const held: CallReasonCode[] = [
    ...(changes.callingHours === undefined ? [] : (['outside_hours'] as const)),
    ...(changes.caps === undefined ? [] : (['waiting_for_cap'] as const)),
  ]
  if (held.length === 0) return
  await tx
    .update(calls)
    .set({ dueAt: sql`now()`, attempt: sql`${calls.attempt} + 1` })
    .where(
      and(eq(calls.status, 'queued'), inArray(calls.reasonCode, held), gt(calls.dueAt, sql`now()`)),
    )
}
