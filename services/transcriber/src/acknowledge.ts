/** Which entry of the audio stream may be forgotten: everything up to it has its words in the ledger. */
export type Acknowledger = {
  /** An entry was read: it ends at this moment of the call. */
  read(id: string, endMs: number): void
  /** The last entry that ends at or before `ms`, or null when none was read since the last answer. */
  upTo(ms: number): string | null
}

export function createAcknowledger(): Acknowledger {
  const entries: { id: string; endMs: number }[] = []
  return {
    read: (id, endMs) => entries.push({ id, endMs }),
    upTo(ms) {
      let last: string | null = null
      // Holes may make a later entry end no later: the order of reading is what counts.
      while (entries[0] !== undefined && entries[0].endMs <= ms) last = entries.shift()?.id ?? last
      return last
    },
  }
}
