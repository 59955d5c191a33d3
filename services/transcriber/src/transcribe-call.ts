import type { Leases } from '@callwire/bus'
import { errorFields } from '@callwire/runtime'
import type { Claim } from './claim-call.ts'
import { hearCall, type HearDeps } from './hear-call.ts'
import { holdLease } from './hold-lease.ts'
import type { TranscriberMetrics } from './metrics.ts'
import { FIRST_ID, idAfter } from './stream-ids.ts'

export type TranscribeDeps = HearDeps & {
  leases: Leases
  owner: string
  metrics: TranscriberMetrics
}

/**
 * One call: audio in, words out, until its last socket has ended. Whatever fails ends this attempt
 * alone: the claim is given up, and the next holder goes on from the last committed word. True when
 * the call is over and done with.
 */
export async function transcribeCall(
  deps: TranscribeDeps,
  claim: Claim,
  signal: AbortSignal,
): Promise<boolean> {
  await using lease = holdLease(deps, claim.callId, claim.takenAtMs)
  using meter = deps.metrics.session()
  const heardTo = await hearCall(deps, claim, { lease, meter, signal })
  if (heardTo === null) return false
  if (heardTo === FIRST_ID) return true
  try {
    // Not the stream itself: another socket of the call may be writing to it by now.
    await deps.audio.trimTo(claim.callId, idAfter(heardTo))
  } catch (error) {
    deps.log.debug(errorFields(error), 'heard audio is left to expire')
  }
  return true
}
