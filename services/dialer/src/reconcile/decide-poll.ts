import { isFinal, type CallStatus } from '@callwire/contracts'

export type PollDecision = { kind: 'apply' } | { kind: 'give_up' } | { kind: 'wait' }

/** Exotel ends every call after four hours at the latest. */
export const longestCallMs = 4 * 3_600_000
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
