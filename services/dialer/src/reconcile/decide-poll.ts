import { isFinal, type CallStatus } from '@callwire/contracts'

export type PollDecision = { kind: 'apply' } | { kind: 'give_up' } | { kind: 'wait' }

/** Exotel ends every call after four hours at the latest. */
export const longestCallMs = 4 * 3_600_000
/** A call of hours is asked about this often, as a multiple of its first wait. */
const longestWait = 8
/** What Exotel knows of a call settles minutes after its end; an hour is generous. */
const settleMs = 3_600_000

/**
 * What to make of asking for a live call of which nothing was heard. A call that must have ended
 * long ago and of which Exotel reports no end is given up: a call that never ends helps nobody.
 *
 * @param o.status - what Exotel says, null when it says nothing usable
 * @param o.ageMs - since the call was dialed
 */
export function decidePoll(o: {
  status: CallStatus | null
  ageMs: number
  timeLimitSeconds: number | null
}): PollDecision {
  if (o.status !== null && isFinal(o.status)) return { kind: 'apply' }
  const limitMs = o.timeLimitSeconds === null ? longestCallMs : o.timeLimitSeconds * 1_000
  if (o.ageMs >= limitMs + settleMs) return { kind: 'give_up' }
  return o.status === null ? { kind: 'wait' } : { kind: 'apply' }
}

/**
 * When to ask about a live call of which nothing is heard: first `afterMs` after its last step, then
 * each wait as long as all the waits before it, at most {@link longestPollWaitMs}: a talk of an hour
 * costs its account ten questions, not sixty. Epoch ms.
 *
 * @param call.heardAt - null when nobody spoke of the call under the Sid that it has
 */
export function nextPollAt(call: PolledMoments, afterMs: number): number {
  const { heardAt, dialedAt, dialingAt, createdAt } = call
  const steps = [call.unknownAt, call.answeredAt, dialedAt, dialingAt, createdAt]
  const since = Math.max(...steps.map((at) => at?.getTime() ?? 0))
  const lastAt = (heardAt ?? dialedAt ?? dialingAt ?? createdAt).getTime()
  return lastAt + Math.min(Math.max(lastAt - since, afterMs), longestPollWaitMs(afterMs))
}

export type PolledMoments = {
  createdAt: Date
  dialingAt: Date | null
  dialedAt: Date | null
  unknownAt: Date | null
  answeredAt: Date | null
  heardAt: Date | null
}

export function longestPollWaitMs(afterMs: number): number {
  return afterMs * longestWait
}
