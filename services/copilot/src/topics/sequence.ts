import type { CallEvent } from '@callwire/contracts'

/** Puts events in order. A pure state machine: give it events as they come, and get those that may go out. */
export type Sequence = {
  /** The last seq let out. */
  readonly last: number
  /** Events held because one before them is missing. */
  readonly waiting: number
  take(event: CallEvent): CallEvent[]
}

/** Events held at most; what is let go here is read from the ledger instead. */
const MAX_HELD = 500

export function createSequence(after: number): Sequence {
  const held = new Map<number, CallEvent>()
  let last = after
  return {
    get last() {
      return last
    },
    get waiting() {
      return held.size
    },
    take(event) {
      if (event.seq <= last || held.has(event.seq)) return []
      if (event.seq > last + 1) {
        if (held.size < MAX_HELD) held.set(event.seq, event)
        return []
      }
      const out = [event]
      last = event.seq
      for (let next = held.get(last + 1); next !== undefined; next = held.get(last + 1)) {
        held.delete(next.seq)
        out.push(next)
        last = next.seq
      }
      // Held events that the ledger has brought meanwhile.
      for (const seq of held.keys()) if (seq <= last) held.delete(seq)
      return out
    },
  }
}
