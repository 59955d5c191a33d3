/**
 * What the dialer is told, in ms. Shorter than in an install, so that a run of minutes sees what takes hours there: a
 * lease is over, a grace is over, a call is polled.
 */
export const timing = {
  dialTimeoutMs: 3_000,
  reconcileAfterMs: 1_000,
  reconcileGraceMs: 25_000,
  callPollAfterMs: 6_000,
}

/** After this long a call that is still `dialing` is taken from its dialer. */
export const leaseMs = timing.dialTimeoutMs + 5_000
/** A frozen dialer finds its lease gone, but not the grace: past that no sender can promise anything. */
export const freezeMs = leaseMs + 2_000
/** From the compare-and-swap to the first byte of the request. */
export const sendDeadlineMs = 2_000

/** How long after the last disturbance and the last queued call everything must have settled. */
export const settleBoundMs = timing.reconcileGraceMs + 60_000
