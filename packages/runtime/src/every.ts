import type { Clock } from './clock.ts'
import { errorFields } from './error-fields.ts'
import type { Logger } from './logger.ts'

/**
 * Runs `task` now, or `firstAfterMs` from now, and then again `ms` after each run has ended, until
 * disposed or `signal` aborts: runs never overlap, and a failing one is logged and does not end the
 * series. Disposing aborts the task's signal and waits for the run under way.
 */
export function every(
  ms: number,
  task: (signal: AbortSignal) => Promise<void> | void,
  o: { clock: Clock; signal: AbortSignal; log: Logger; name: string; firstAfterMs?: number },
): AsyncDisposable {
  const stop = new AbortController()
  const signal = AbortSignal.any([stop.signal, o.signal])
  const done = repeat(ms, task, { ...o, signal })
  return {
    [Symbol.asyncDispose]: async () => {
      stop.abort()
      await done
    },
  }
}

async function repeat(
  ms: number,
  task: (signal: AbortSignal) => Promise<void> | void,
  o: { clock: Clock; signal: AbortSignal; log: Logger; name: string; firstAfterMs?: number },
): Promise<void> {
  if (o.firstAfterMs !== undefined) await sleep(o.firstAfterMs, o)
  while (!o.signal.aborted) {
    try {
      await task(o.signal)
    } catch (error) {
      o.log.warn({ task: o.name, ...errorFields(error) }, 'task failed')
    }
    await sleep(ms, o)
  }
}

async function sleep(ms: number, o: { clock: Clock; signal: AbortSignal }): Promise<void> {
  try {
    await o.clock.sleep(ms, o.signal)
  } catch {
    // Only an abort ends a sleep early, and the loop's condition sees it.
  }
}
