import type { Clock } from '@callwire/runtime'

/** Wakes one loop that would else sleep. A ring while nobody sleeps cuts the next sleep short. */
export type Bell = {
  ring(): void
  /** Resolves at a ring, after `ms`, or when `signal` aborts. */
  sleep(ms: number, signal: AbortSignal): Promise<void>
}

export function createBell(clock: Clock): Bell {
  let rung = false
  let wake: (() => void) | null = null
  return {
    ring: () => {
      rung = true
      wake?.()
    },
    sleep: async (ms, signal) => {
      if (!rung) {
        const woken = new AbortController()
        wake = () => woken.abort()
        try {
          await clock.sleep(ms, AbortSignal.any([signal, woken.signal]))
        } catch {
          // Only an abort ends a sleep early.
        }
        wake = null
      }
      rung = false
    },
  }
}
