import { changeStatus, loadCall } from '@callwire/ledger'
import type { DialerDeps } from '../deps.ts'
import { forEachCall } from '../for-each-call.ts'

const batchSize = 200
/** An honest attempt ends by its timeout; this much later its dialer is gone or frozen. */
export const DIAL_MARGIN_MS = 5_000

type Deps = Pick<DialerDeps, 'database' | 'ledger' | 'settings' | 'clock' | 'log'>

/**
 * Takes calls from dialers that never came back: what became of their request is unknown. The
 * fence goes up, so that a dialer that does come back writes nothing.
 */
export async function sweepStaleDials(d: Deps): Promise<void> {
  const age = d.settings.dialTimeoutMs + DIAL_MARGIN_MS
  const stale = await d.database.finder.staleDialing(age, batchSize)
  await forEachCall(stale, d.log, async ({ tenantId, callId }) => {
    await d.ledger.transact(tenantId, callId, async (w) => {
      const call = await loadCall(w.tx, callId)
      if (call?.status !== 'dialing' || call.sid !== null || call.dialingAt === null) return
      // Another attempt may have begun since the sweep looked.
      if (d.clock.now() - call.dialingAt.getTime() < d.settings.dialTimeoutMs) return
      const message = 'The dialer was lost during the request; Exotel is being asked.'
      const reason = { code: 'dialer_lost', message }
      await changeStatus(w, call, { status: 'unknown', reason, fence: call.fence + 1 })
    })
    d.log.warn({ callId }, 'stale dial taken over')
  })
}
