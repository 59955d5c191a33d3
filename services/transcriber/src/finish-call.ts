import type { Clock } from '@callwire/runtime'
import { writeReceiptIfDone, type Ledger } from '@callwire/ledger'
import { mediaStreams } from '@callwire/db'
import { eq } from 'drizzle-orm'
import type { Position } from './acknowledge.ts'
import type { Claim } from './claim-call.ts'
import { advance } from './write-words.ts'

/**
 * Says that a call's words are complete, and writes the receipt if nothing else is awaited. False when
 * a new media socket was opened meanwhile: then there is more to hear.
 */
export function finishCall(
  ledger: Ledger,
  claim: Claim,
  o: { position: Position; clock: Pick<Clock, 'now'> },
): Promise<boolean> {
  return ledger.transact(claim.tenantId, claim.callId, async (work) => {
    const streams = await work.tx
      .select({ endedAt: mediaStreams.endedAt })
      .from(mediaStreams)
      .where(eq(mediaStreams.callId, claim.callId))
    if (streams.some((stream) => stream.endedAt === null)) return false
    await advance(work, claim, { state: 'done', position: o.position })
    await writeReceiptIfDone(work, o.clock.now())
    return true
  })
}
