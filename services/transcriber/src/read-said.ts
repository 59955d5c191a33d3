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

/** What this call's earlier transcribers have said for good. */
export async function readSaid(
  ledger: Pick<Ledger, 'read'>,
  claim: { tenantId: string; callId: string; fence: number },
): Promise<Said> {
  const said = createSaid()
  if (claim.fence <= 1) return said
  for (const event of await readEvents(ledger, claim)) {
    if (event.data === null) continue
    if (event.type === 'transcript.final') said.final(event.data)
    if (event.type === 'transcript.gap') {
      said.gap({ startMs: event.data.fromMs, endMs: event.data.toMs })
    }
  }
  return said
}
