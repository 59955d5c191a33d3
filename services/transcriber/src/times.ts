/** How long a transcriber waits for what. Tests shorten what they would wait for. */
export type Times = {
  /** A crashed transcriber's call is free again after this. */
  leaseMs: number
  /** Well under the lease's life, so that one lost renewal loses nothing. */
  renewMs: number
  /** How often calls that nobody transcribes are looked for: a wake-up may be lost with Redis. */
  findMs: number
  /** How long one look into an audio stream waits: also how soon a silent end is noticed. */
  blockMs: number
  /** Nothing in Redis for this long, and no open socket in Postgres: the call's audio is over. */
  idleMs: number
  /** Once a socket's end was read, only its row in Postgres is awaited: how often to look. */
  endingMs: number
  /**
   * How long a call waits whose key opens with none that this process holds: a ring that was changed
   * reaches every process within a minute or a person's errand; its audio lives longer than that.
   */
  keyWaitMs: number
}

export const times: Times = {
  leaseMs: 5_000,
  renewMs: 1_500,
  findMs: 1_000,
  blockMs: 500,
  idleMs: 2_000,
  endingMs: 50,
  keyWaitMs: 600_000,
}
