import type { CallEvent } from '@callwire/contracts'
import type { Ledger } from '@callwire/ledger'
import { createSaid, type Said } from './speech/said.ts'

/** Events read from the ledger at a time. */
const PAGE = 500

/** All of a call's events. */
export async function readEvents(
  ledger: Pick<Ledger, 'read'>,
  { tenantId, callId }: { tenantId: string; callId: string },
): Promise<CallEvent[]> {
  const events: CallEvent[] = []
  for (;;) {
    const after = events.at(-1)?.seq ?? 0
    const some = await ledger.read(tenantId, callId, { after, limit: PAGE })
    events.push(...some)
    if (some.length < PAGE) return events
  }
}

/**
 * What this call's earlier transcribers have said for good, and up to where on the call's clock
 * nothing is missing from it.
 */
export async function readSaid(
  ledger: Pick<Ledger, 'read'>,
  claim: { tenantId: string; callId: string; fence: number; ackedMs: number },
): Promise<{ said: Said; saidToMs: number }> {
  const said = createSaid()
  let saidToMs = claim.ackedMs
  if (claim.fence <= 1) return { said, saidToMs }
  for (const event of await readEvents(ledger, claim)) {
    if (event.data === null) continue
    if (event.type === 'transcript.final') {
      said.final(event.data)
      saidToMs = Math.max(saidToMs, event.data.endMs)
    }
    if (event.type === 'transcript.gap') {
      said.gap({ startMs: event.data.fromMs, endMs: event.data.toMs })
    }
  }
  return { said, saidToMs }
}
