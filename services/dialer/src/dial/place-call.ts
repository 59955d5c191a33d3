import type { CallJob } from '@callwire/contracts'
import { errorFields } from '@callwire/runtime'
import type { DialerDeps } from '../deps.ts'
import { admitCall } from './admit-call.ts'
import { attemptCall } from './attempt-call.ts'
import { writeOutcome } from './write-outcome.ts'

/**
 * Handles one wake-up of the dialer. Never rejects: what became of the call stands in Postgres,
 * and a call that is still queued there is woken again.
 */
export async function placeCall(d: DialerDeps, job: CallJob): Promise<void> {
  const log = d.log.child({ callId: job.callId })
  try {
    if (d.stopping.aborted) return
    const attempt = await admitCall(d, job)
    if (attempt === null) return
    const outcome = await attemptCall(d, attempt)
    d.metrics.attempt(outcome.kind)
    log.info({ outcome: outcome.kind, fence: attempt.fence }, 'dial attempt ended')
    await writeOutcome(d, attempt, outcome)
  } catch (error) {
    log.warn(errorFields(error), 'dial job failed')
  }
}
