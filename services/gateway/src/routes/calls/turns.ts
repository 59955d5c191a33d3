import type { Clock } from '@callwire/runtime'

export type Taken = { kind: 'taken'; done(): void } | { kind: 'late'; name: string }

/** Who shares one of the names goes one after the other, first come first. */
export type Turns = {
  /**
   * Waits for the names one by one, in their order, which has to be the same for everybody. `late`
   * names the one that did not come free in time; then none is held.
   */
  take(names: readonly string[]): Promise<Taken>
}

/**
 * Turns within this process: whoever waits here holds no connection, of which there are few.
 *
 * @param o.waitMs - how long to wait for each name
 */
export function createTurns(o: { clock: Pick<Clock, 'sleep'>; waitMs: number }): Turns {
  /** Settles when nobody holds or awaits the name. */
  const lines = new Map<string, Promise<undefined>>()

  const join = (name: string) => {
    const ahead = lines.get(name)
    const { promise, resolve } = Promise.withResolvers<undefined>()
    // Also behind one who has given up: those ahead of that one still hold it.
    const line = ahead === undefined ? promise : ahead.then(() => promise)
    lines.set(name, line)
    void line.then(() => {
      if (lines.get(name) === line) lines.delete(name)
    })
    return { ahead, leave: () => resolve(undefined) }
  }

  const cameIn = async (ahead: Promise<unknown>): Promise<boolean> => {
    const over = new AbortController()
    try {
      return await Promise.race([
        ahead.then(() => true),
        // Aborted, it rejects when nobody listens any more.
        o.clock.sleep(o.waitMs, over.signal).then(
          () => false,
          () => false,
        ),
      ])
    } finally {
      over.abort()
    }
  }

  return {
    take: async (names) => {
      const leaving: (() => void)[] = []
      const done = () => {
        for (const leave of leaving) leave()
      }
      for (const name of names) {
        const { ahead, leave } = join(name)
        leaving.push(leave)
        if (ahead !== undefined && !(await cameIn(ahead))) {
          done()
          return { kind: 'late', name }
        }
      }
      return { kind: 'taken', done }
    },
  }
}
