import type { DialerDeps } from '../deps.ts'
import { applyCallbacks } from '../news/apply-callbacks.ts'
import { forEachCall } from '../for-each-call.ts'

const batchSize = 200
/** Younger ones have a job on its way. */
export const CALLBACK_UNAPPLIED_MS = 1_000

/** Applies callbacks whose job was lost. */
export async function sweepUnapplied(d: DialerDeps): Promise<void> {
  const found = await d.database.finder.unappliedCallbacks(CALLBACK_UNAPPLIED_MS, batchSize)
  await forEachCall(found, d.log, (job) => applyCallbacks(d, job))
}
