/** How far a call's audio is done with: an entry of its Redis Stream, and its end on the call's clock. */
export type Position = { ackedId: string; ackedMs: number }

/** One of the conditions under which audio may be forgotten: how far somebody is done with it. */
export type Mark = {
  /** Everything that ends at or before this moment of the call is not needed any more. Never goes back. */
  moveTo(ms: number): void
  /** Where the call would stand if this mark stood at `ms`: to be committed together with why it may. */
  positionAt(ms: number): Position
  /** Sets the condition aside: its owner needs nothing of this call any more. */
  release(): void
}

/**
 * Which entries of an audio stream may be forgotten: those that every mark has passed. Without any
 * mark nothing is acknowledged.
 */
export type Acknowledger = {
  /** An entry was read, after those before it; with it the call's clock is accounted for up to `endMs`. */
  read(id: string, endMs: number): void
  /** A further condition; it stands at the position that the acknowledger began with. */
  mark(): Mark
  /** The last entry that every mark has passed. */
  position(): Position
  /** Ms read and not acknowledged. */
  waitingMs(): number
  /** The stream was made anew and counts from an earlier id: what was read before has no place in it. */
  restart(): void
}

export function createAcknowledger(from: Position): Acknowledger {
  const marks = new Set<{ ms: number }>()
  let entries: { id: string; endMs: number }[] = []
  let position = from
  let readToMs = from.ackedMs

  /** How many entries lie before `limitMs`. */
  const countTo = (limitMs: number) => {
    const passed = entries.findIndex((entry) => entry.endMs > limitMs)
    return passed === -1 ? entries.length : passed
  }
  const positionAfter = (count: number): Position => {
    const last = entries[count - 1]
    if (last === undefined) return position
    return { ackedId: last.id, ackedMs: Math.max(position.ackedMs, last.endMs) }
  }
  const limitMs = (change?: { mark: { ms: number }; ms: number }) =>
    Math.min(
      ...[...marks].map((mark) => (mark === change?.mark ? Math.max(mark.ms, change.ms) : mark.ms)),
    )
  const settle = () => {
    if (marks.size === 0) return
    const count = countTo(limitMs())
    position = positionAfter(count)
    entries = entries.slice(count)
  }

  return {
    read(id, endMs) {
      readToMs = Math.max(readToMs, endMs)
      entries.push({ id, endMs: readToMs })
    },
    mark() {
      const mark = { ms: from.ackedMs }
      marks.add(mark)
      return {
        moveTo(ms) {
          mark.ms = Math.max(mark.ms, ms)
        },
        positionAt: (ms) => positionAfter(countTo(limitMs({ mark, ms }))),
        release: () => marks.delete(mark),
      }
    },
    position() {
      settle()
      return position
    },
    waitingMs: () => readToMs - position.ackedMs,
    restart() {
      settle()
      entries = []
      position = { ...position, ackedId: '0-0' }
    },
  }
}
