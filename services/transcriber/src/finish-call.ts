import type { Clock } from '@callwire/runtime'
import { transcriptOf, writeReceiptIfDone, type Ledger } from '@callwire/ledger'
import { mediaStreams } from '@callwire/db'
import { eq } from 'drizzle-orm'
import type { Claim } from './claim-call.ts'
import { readEvents } from './read-said.ts'
import { talkOf } from './talk.ts'
import { advance } from './write-words.ts'

/**
 * Says that a call's words are complete: who talked how long, and the receipt if nothing else is
 * awaited. False when a new media socket was opened meanwhile: then there is more to hear.
 */
export async function finishCall(ledger: Ledger, claim: Claim, clock: Clock): Promise<boolean> {
  const { tenantId, callId } = claim
  const events = await readEvents(ledger, claim)
  return ledger.transact(tenantId, callId, async (work) => {
    const streams = await work.tx
      .select({ clockMs: mediaStreams.clockMs, endedAt: mediaStreams.endedAt })
      .from(mediaStreams)
      .where(eq(mediaStreams.callId, callId))
    if (streams.some((stream) => stream.endedAt === null)) return false
    await advance(work, claim, { state: 'done' })
    const clockMs = Math.max(0, ...streams.map((stream) => stream.clockMs))
    await work.append({ type: 'call.talk', data: talkOf(transcriptOf(events), clockMs) })
    await writeReceiptIfDone(work, clock.now())
    return true
  })
}
