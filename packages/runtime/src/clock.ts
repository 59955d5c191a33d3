import { setTimeout as wait } from 'node:timers/promises'

/** Time as the code sees it: injected everywhere, so that tests own it. */
export type Clock = {
  /** Wall time, epoch milliseconds; may jump when the machine's clock is set. */
  now(): number
  /** Milliseconds since an arbitrary start; never goes back. For deadlines and durations. */
  monotonicMs(): number
  /** Resolves after `ms`; rejects with an `AbortError` as soon as `signal` aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonicMs: () => performance.now(),
  sleep: async (ms, signal) => {
    await wait(ms, undefined, signal === undefined ? {} : { signal })
  },
}
