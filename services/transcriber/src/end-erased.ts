import type { CallJob } from '@callwire/contracts'
import { transcriptions } from '@callwire/db'
import { writeReceiptIfDone, type Ledger } from '@callwire/ledger'
import type { Clock } from '@callwire/runtime'
import { and, eq, sql } from 'drizzle-orm'
import { mediaEndIn } from './media-end.ts'

/**
 * Ends the words of a call whose data key was erased: nothing of its audio can be opened any more, so
 * what was not said by then is a gap. Waits for the end of its last socket.
 */
export async function endErased(
  { ledger, clock }: { ledger: Pick<Ledger, 'transact'>; clock: Pick<Clock, 'now'> },
  { tenantId, callId }: CallJob,
): Promise<void> {
  await ledger.transact(tenantId, callId, async (work) => {
    const endMs = await mediaEndIn(work.tx, callId)
    if (endMs === null) return
    const [row] = await work.tx
      .update(transcriptions)
      .set({ state: 'done', fence: sql`${transcriptions.fence} + 1`, updatedAt: sql`now()` })
      .where(and(eq(transcriptions.callId, callId), eq(transcriptions.state, 'pending')))
      .returning({ ackedMs: transcriptions.ackedMs })
    if (row === undefined) return
    if (row.ackedMs < endMs) {
      const data = { fromMs: row.ackedMs, toMs: endMs, reason: 'key_erased' }
      await work.append({ type: 'transcript.gap', data })
    }
    await writeReceiptIfDone(work, clock.now())
  })
}
