import type { CallStatus } from '@callwire/contracts'
import { changeStatus, type CallRow, type LedgerWork } from '@callwire/ledger'
import type { DialerDeps } from '../deps.ts'
import { patchCall } from '../patch-call.ts'
import { raiseAlert } from '../raise-alert.ts'

/**
 * Takes back that a call was not placed: the only way out of a final state. Somebody may have
 * acted on the failure, so it comes with an alert.
 */
export async function reopenCall(
  d: Pick<DialerDeps, 'log' | 'metrics'>,
  w: LedgerWork,
  call: CallRow,
  status: CallStatus,
): Promise<void> {
  if (status === 'failed') {
    // It was placed and failed there: the state stays, its reason was wrong.
    await patchCall(w, { reasonCode: null, reasonMessage: null })
    await w.append({ type: 'call.status', data: { status, previous: call.status } })
  } else {
    await changeStatus(w, call, { status, exception: 'reopen' })
  }
  await raiseAlert(d, w, {
    code: 'call_reopened',
    severity: 'warn',
    message: 'Exotel reports on a call that had been given up as not placed.',
  })
}
