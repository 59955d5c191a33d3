import type { CallJob } from '@callwire/contracts'
import { errorFields } from '@callwire/runtime'
import type { DialerDeps } from '../deps.ts'
import { admitCall } from './admit-call.ts'
import { attemptCall } from './attempt-call.ts'
import type { Gate } from './gate.ts'
import { writeOutcome } from './write-outcome.ts'

/**
 * Handles one wake-up of the dialer. Never rejects: what became of the call stands in Postgres,
 * and a call that is still queued there is woken again.
 *
 * @param gate - what calls pass one after the other from the first look to the last one before the
 * request: with many in between, each would wait for the database until its deadline is over, and
 * all would be claimed and unsent when this process dies
 */
export async function placeCall(d: DialerDeps, job: CallJob, gate: Gate): Promise<void> {
  const log = d.log.child({ callId: job.callId })
  const leave = await gate.enter()
  try {
    if (d.stopping.aborted) return
    const attempt = await admitCall(d, job)
    if (attempt === null) return
    const outcome = await attemptCall(d, attempt, leave)
    d.metrics.attempt(outcome.kind)
    log.info({ outcome: outcome.kind, fence: attempt.fence }, 'dial attempt ended')
    await writeOutcome(d, attempt, outcome)
  } catch (error) {
    log.warn(errorFields(error), 'dial job failed')
  } finally {
    leave()
  }
}
