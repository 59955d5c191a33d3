import { writeReceiptIfDone } from '@callwire/ledger'
import type { DialerDeps } from '../deps.ts'
import { forEachCall } from '../for-each-call.ts'

const batchSize = 200

/** Writes the receipts that nobody wrote: of calls whose audio never came, or whose writer died. */
export async function sweepUnreceipted(
  d: Pick<DialerDeps, 'database' | 'ledger' | 'clock' | 'log'>,
): Promise<void> {
  const calls = await d.database.finder.unreceiptedCalls(batchSize)
  await forEachCall(calls, d.log, async ({ tenantId, callId }) => {
    await d.ledger.transact(tenantId, callId, (w) => writeReceiptIfDone(w, d.clock.now()))
  })
}
