import { AppError, errorFields } from '@callwire/runtime'
import type { Claimed } from './claim-messages.ts'
import { unrecorded, type Outcome } from './decide-outcome.ts'
import { writeOutcome } from './write-outcome.ts'

type Deps = Parameters<typeof writeOutcome>[0]

/**
 * Writes what became of an attempt. One that the database will never take is written as a plain
 * failure: unwritten, the claim would run out and the message be sent again at once, for ever.
 */
export async function recordOutcome(d: Deps, message: Claimed, outcome: Outcome): Promise<void> {
  try {
    await writeOutcome(d, message, outcome)
  } catch (error) {
    if (error instanceof AppError && error.retryable) throw error
    const { endpoint, id, attempts } = message
    d.log.error(
      { endpointId: endpoint.endpointId, messageId: id, ...errorFields(error) },
      'outcome refused by the database',
    )
    await writeOutcome(d, message, unrecorded({ attempts, random: d.random }))
  }
}
