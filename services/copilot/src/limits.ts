/** How long things may take and how much may pile up. Tests shorten what they would wait for. */
export type Limits = {
  /** A socket that does not say who it is, is closed after this. */
  authenticateMs: number
  /** Sockets that have not said who they are; beyond this, upgrades are refused for the moment. */
  maxAnonymous: number
  /** Topics one connection may follow. */
  maxTopics: number
  /** Messages one consumer may send in a second. */
  maxMessagesPerSecond: number
  /** Text of a consumer that waits to be handled; beyond this we stop reading from it for a while. */
  maxWaitingBytes: number
  /** How often a consumer is pinged; the second ping without an answer in between ends it. */
  pingMs: number
  /** How often a consumer's backlog is looked at. */
  tickMs: number
  /** An interim is worth less than keeping up: beyond this much unsent, interims are left out. */
  interimBytes: number
  /** A catch-up waits for the consumer from here on, instead of filling our memory. */
  roomBytes: number
  /** Beyond either of these a consumer is too slow. */
  slowBytes: number
  slowMs: number
  /** A consumer that does not read even its close is destroyed. */
  destroyMs: number
  /** Publications of neighbouring facts may cross by this much: only then is a gap a gap. */
  crossingMs: number
  /** After a read of the ledger that failed, the next try. */
  retryMs: number
  /** How often the ledger's heads are compared: a lost last message shows no gap. */
  lookMs: number
  /** How often open sockets are asked about in Postgres: an announced revocation may be lost. */
  recheckMs: number
  /** A comment keeps proxies from taking a silent event stream for dead. */
  ssePingMs: number
  /** Consumers get this long to leave; a supervisor gives about ten seconds for everything. */
  drainMs: number
}

export const limits: Limits = {
  authenticateMs: 5_000,
  maxAnonymous: 1_000,
  maxTopics: 500,
  maxMessagesPerSecond: 1_000,
  maxWaitingBytes: 1024 * 1024,
  pingMs: 20_000,
  tickMs: 1_000,
  interimBytes: 256 * 1024,
  roomBytes: 512 * 1024,
  slowBytes: 4 * 1024 * 1024,
  slowMs: 10_000,
  destroyMs: 10_000,
  crossingMs: 50,
  retryMs: 500,
  lookMs: 2_000,
  recheckMs: 60_000,
  ssePingMs: 15_000,
  drainMs: 5_000,
}
