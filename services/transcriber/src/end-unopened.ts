import type { Alert, CallJob } from '@callwire/contracts'
import { transcriptions } from '@callwire/db'
import { writeReceiptIfDone, type Ledger } from '@callwire/ledger'
import type { Clock, Logger } from '@callwire/runtime'
import { and, eq, sql } from 'drizzle-orm'
import { mediaEndIn } from './media-end.ts'

/** Why nothing of a call can be opened; as its gap says it. */
export type UnopenedReason = 'key_erased' | 'key_unreadable'

const unreadable: Alert = {
  code: 'key_unreadable',
  severity: 'page',
  message: 'The key of this call does not open: the words that were not out by then are a gap.',
}

/**
 * Ends the words of a call whose data key was erased, or opens with no key that is held: nothing of its
 * audio can be heard any more, so what was not said by then is a gap. Waits for the end of its last
 * socket. A key that was not erased is an alert as well.
 */
export async function endUnopened(
  deps: { ledger: Pick<Ledger, 'transact'>; clock: Pick<Clock, 'now'>; log: Logger },
  { tenantId, callId }: CallJob,
  reason: UnopenedReason,
): Promise<void> {
  const hasEnded = await deps.ledger.transact(tenantId, callId, async (work) => {
    const endMs = await mediaEndIn(work.tx, callId)
    if (endMs === null) return false
    const [row] = await work.tx
      .update(transcriptions)
      .set({ state: 'done', fence: sql`${transcriptions.fence} + 1`, updatedAt: sql`now()` })
      .where(and(eq(transcriptions.callId, callId), eq(transcriptions.state, 'pending')))
      .returning({ ackedMs: transcriptions.ackedMs })
    if (row === undefined) return false
    if (row.ackedMs < endMs) {
      const data = { fromMs: row.ackedMs, toMs: endMs, reason }
      await work.append({ type: 'transcript.gap', data })
    }
    if (reason === 'key_unreadable') await work.append({ type: 'alert', data: unreadable })
    await writeReceiptIfDone(work, deps.clock.now())
    return true
  })
  if (!hasEnded || reason !== 'key_unreadable') return
  const { code: alert, severity } = unreadable
  deps.log.error({ alert, severity, callId }, 'alert raised')
}
