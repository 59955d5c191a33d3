import type { CallReason } from '@callwire/contracts'
import { changeStatus, type CallRow, type LedgerWork } from '@callwire/ledger'
import { patchCall } from '../patch-call.ts'

/** The next wake-up is another job: its id carries the attempt. */
function dueAgain(w: LedgerWork, call: CallRow, delayMs: number | null) {
  const dueAt = delayMs === null ? call.dueAt : new Date(w.nowMs + delayMs)
  return { attempt: call.attempt + 1, dueAt }
}

/**
 * Leaves a queued call queued, due again after `delayMs`; with null its due time stays, and it is
 * looked at when what it waits for ends. Its event is written when the reason is news: a call that
 * waits an hour for the same thing says so once.
 */
export async function holdCall(
  w: LedgerWork,
  call: CallRow,
  o: { reason: CallReason; delayMs: number | null },
): Promise<void> {
  const { reason } = o
  const again = dueAgain(w, call, o.delayMs)
  const change = { status: 'queued', exception: 'annotate', reason, ...again } as const
  if (await changeStatus(w, call, change)) return
  await patchCall(w, { ...again, reasonMessage: reason.message })
}

/**
 * Takes a call whose attempt sent nothing that counts back to the queue, due after `delayMs`.
 * The caller has made sure that the attempt is still its own.
 */
export async function requeueCall(
  w: LedgerWork,
  call: CallRow,
  o: { reason: CallReason; delayMs: number },
): Promise<void> {
  const again = dueAgain(w, call, o.delayMs)
  const { reason } = o
  await changeStatus(w, call, { status: 'queued', exception: 'requeue', reason, ...again })
}
