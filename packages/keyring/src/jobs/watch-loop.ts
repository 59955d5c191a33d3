import { monitorEventLoopDelay } from 'node:perf_hooks'

/** How often the loop is asked how late it is; the answer includes this, and it is taken off. */
const RESOLUTION_MS = 10

/** Watches how late this process's timers are. */
export type LoopWatch = Disposable & {
  /** The 99th percentile since the last time it was asked, in ms. */
  delayMs(): number
}

export function watchLoop(): LoopWatch {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
  histogram.enable()
  return {
    delayMs: () => {
      const ms = histogram.percentile(99) / 1e6
      histogram.reset()
      return Math.max(0, ms - RESOLUTION_MS)
    },
    [Symbol.dispose]: () => {
      histogram.disable()
    },
  }
}
