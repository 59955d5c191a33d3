import { isFinal, type CallStatus } from '@callwire/contracts'

/** A call on Exotel's list that may be ours: same numbers, same window, no other call of ours. */
export type Candidate = {
  sid: string
  status: CallStatus | null
  /** Its custom field: our call id when it is ours, null when Exotel could not tell. */
  customField: string | null
  /** Epoch ms. */
  createdAtMs: number | null
  durationSeconds: number | null
}

export type Search =
  | { kind: 'searched'; candidates: readonly Candidate[] }
  /**
   * No list could be had: refused for good (credentials), or just not now; `unanswered` when Exotel
   * was asked and gave no answer that means anything.
   */
  | { kind: 'unavailable'; refused: boolean; unanswered?: boolean }

export type ReconcileDecision =
  | { kind: 'adopt'; sid: string; status: CallStatus }
  | { kind: 'not_placed' }
  /** `candidates`: what a person chooses from; none when Exotel showed nothing. */
  | { kind: 'park'; message: string; candidates: readonly Candidate[] }
  | { kind: 'later' }

/** Past this many graces without an answer from Exotel a person has to look. */
const patience = 10

/**
 * What becomes of a call of which we do not know whether Exotel placed it.
 *
 * @param o.elapsedMs - from the compare-and-swap to the start of the search
 * @param o.graceMs - how long a placed call may take to show up on Exotel's list
 */
export function decideReconcile(
  search: Search,
  o: { callId: string; elapsedMs: number; graceMs: number },
): ReconcileDecision {
  const graceOver = o.elapsedMs >= o.graceMs
  if (search.kind === 'unavailable') {
    if (search.refused && graceOver) return park('Exotel refuses to say what became of this call.')
    if (o.elapsedMs >= o.graceMs * patience) return park('Exotel cannot be asked about this call.')
    return { kind: 'later' }
  }
  const confirmed = search.candidates.filter((c) => c.customField === o.callId)
  if (confirmed.length > 1) {
    return park(`Exotel shows ${confirmed.length} calls with this call's id.`, confirmed)
  }
  const [ours] = confirmed
  if (ours !== undefined) return adopt(ours)
  if (!graceOver) return { kind: 'later' }
  const possible = search.candidates.filter((c) => c.customField === null)
  if (possible.length > 1) {
    return park(`Exotel shows ${possible.length} calls that could be this one.`, possible)
  }
  const [only] = possible
  return only === undefined ? { kind: 'not_placed' } : adopt(only)
}

/**
 * Exotel calls a call `in-progress` from the moment it accepts it (its own samples of the reply
 * do), so a call found alive counts as ringing until a callback or its audio says more.
 */
function adopt(candidate: Candidate): ReconcileDecision {
  const { sid, status } = candidate
  return { kind: 'adopt', sid, status: status !== null && isFinal(status) ? status : 'ringing' }
}

function park(message: string, candidates: readonly Candidate[] = []): ReconcileDecision {
  return { kind: 'park', message, candidates }
}

/**
 * When to look for an unknown call next: first `afterMs` after it became unknown, then each wait
 * as long as all the waits before it, at most {@link longestWaitMs}. All times epoch ms.
 */
export function nextLookAt(o: {
  unknownAt: number
  lastLookAt: number | null
  afterMs: number
  graceMs: number
}): number {
  if (o.lastLookAt === null || o.lastLookAt < o.unknownAt) return o.unknownAt + o.afterMs
  const waited = o.lastLookAt - o.unknownAt
  return o.lastLookAt + Math.min(Math.max(waited, o.afterMs), longestWaitMs(o.graceMs))
}

/**
 * Half the grace: the look that finds the grace over comes soon after its end, and a call whose looks went without an answer
 * has had many before it is left to a person.
 */
export function longestWaitMs(graceMs: number): number {
  return Math.ceil(graceMs / 2)
}
