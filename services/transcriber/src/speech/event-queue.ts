/** What one side says and the other reads, in order, until it is closed. */
export type EventQueue<T> = AsyncIterable<T> & {
  push(...items: T[]): void
  close(): void
}

/**
 * An unbounded hand-over inside one call: its producer is paced by the audio, and a call's words are
 * few beside its audio, which is bounded elsewhere.
 */
export function createEventQueue<T>(): EventQueue<T> {
  const items: T[] = []
  let closed = false
  let wake: (() => void) | null = null
  const nudge = () => {
    wake?.()
    wake = null
  }
  return {
    push(...more) {
      if (closed) return
      items.push(...more)
      nudge()
    },
    close() {
      closed = true
      nudge()
    },
    async *[Symbol.asyncIterator]() {
      for (;;) {
        while (items.length > 0) yield items.shift() as T
        if (closed) return
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
    },
  }
}
