import { setTimeout as delay } from 'node:timers/promises'

/** Time as the simulator sees it. All values are milliseconds. */
export type Clock = {
  now: () => number
  monotonicMs: () => number
  /** Resolves after `ms`, or early (without throwing) when `signal` aborts. */
  sleep: (ms: number, signal?: AbortSignal) => Promise<void>
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonicMs: () => performance.now(),
  async sleep(ms, signal) {
    try {
      // A wait alone keeps no process alive: the server does, until it is closed.
      await delay(Math.max(0, ms), undefined, { ref: false, ...(signal ? { signal } : {}) })
    } catch {
      // An abort ends the wait early; the caller looks at its signal.
    }
  },
}
