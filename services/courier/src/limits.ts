const second = 1_000
const minute = 60 * second
const day = 86_400 * second

/** The bounds of the courier's work; times in ms. Tests shorten them. */
export const limits = {
  /** Between two looks for facts that no doorbell told of. */
  scanMs: second,
  /** A busy tenant's doorbell rings all the time: its facts are gathered for so long. */
  gatherMs: 50,
  /**
   * How far each look goes behind the one before: a fact is stamped before it is committed. Longer
   * than any transaction lives.
   */
  lookBehindMs: 2 * minute,
  /**
   * Of a call that an endpoint has no place in yet, facts older than the last look by this are not
   * news: its place was forgotten. Leaves room for services whose clocks differ.
   */
  newsMs: day,
  /** Noting how far a look has come costs a write: not for every look. */
  noteScanMs: 20 * second,
  /** At most so many calls, and facts of each, in one transaction. */
  callsAtOnce: 100,
  factsAtOnce: 100,
  /** Endpoints looked at side by side. */
  scansAtOnce: 4,

  /** Between two looks for messages whose time has come. */
  pollMs: second,
  /** From the start of the connection to the status line (standardwebhooks.com: 15 to 30 s). */
  sendTimeoutMs: 20 * second,
  /** A claim holds for longer than an attempt and its bookkeeping can take. */
  claimMs: minute,
  /** Messages on their way at once: to one endpoint, to one that fails, for one tenant, in all. */
  lanesPerEndpoint: 8,
  lanesPerFailing: 1,
  lanesPerTenant: 32,
  lanes: 256,
  /** Told to end, what is on its way has so long; a supervisor gives ten seconds. */
  drainMs: 5 * second,

  pruneMs: 10 * minute,
  /** How long a person can look at deliveries and send them again. */
  keptMs: 30 * day,
  /** How long an endpoint's place in a call outlives the call's last fact; longer than `newsMs`. */
  placeKeptMs: 7 * day,
} as const

export type Limits = Record<keyof typeof limits, number>
