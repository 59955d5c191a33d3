/**
 * What the dialer is told and what follows from it, all in ms. Shorter than in an install, so that a run of minutes sees
 * what takes hours there: a lease is over, a grace is over, a call is polled.
 */
export type Timing = {
  dialTimeoutMs: number
  reconcileAfterMs: number
  reconcileGraceMs: number
  callPollAfterMs: number
  /** How long a dialer is frozen: past its lease, but not past the grace, after which no sender can promise anything. */
  freezeMs: number
  /** How long after the last disturbance and the last dialed call everything must have settled. */
  settleBoundMs: number
}

/** After its timeout and this, a call that is still `dialing` is taken from its dialer. */
const leaseMarginMs = 5_000
const pastLeaseMs = 2_000
/** From a frozen dialer's waking to its request standing on the provider's list. */
const frozenRequestMs = 3_000
/** Looks and polls come in rounds, and each may have to wait for the account's budget. */
const settleMarginMs = 60_000

/** From the compare-and-swap to the first byte of the request. */
export const sendDeadlineMs = 2_000

export function timingFor(dialTimeoutMs: number): Timing {
  const freezeMs = dialTimeoutMs + leaseMarginMs + pastLeaseMs
  const reconcileGraceMs = freezeMs + dialTimeoutMs + frozenRequestMs
  return {
    dialTimeoutMs,
    reconcileAfterMs: 1_000,
    reconcileGraceMs,
    callPollAfterMs: 6_000,
    freezeMs,
    settleBoundMs: reconcileGraceMs + settleMarginMs,
  }
}
