import { EXIT_CONFIG, type Clock, type Logger } from '@callwire/runtime'

import { healthyAfterMs, longestDelayMs, restartDelayMs } from './restart-delay.ts'

/** A running process, whatever kind it is. */
export type Running = {
  readonly pid: number
  readonly exited: Promise<{ readonly code: number | null; readonly signal: string | null }>
  stop(): Promise<void>
}

export type Supervised = {
  /** The pid of the moment; null between a death and the next start. */
  pid(): number | null
  /** How often it has died since it last came up for good. */
  deaths(): number
  /** Whether its last end was the configuration's fault, which no other start will mend. */
  misconfigured(): boolean
  stop(): Promise<void>
}

/**
 * Keeps a process running: started again within 2 s of its first death, later after each further one in a row, until
 * `stop`. `onChange` is told of every start and death.
 */
export async function supervise(o: {
  name: string
  start: () => Promise<Running>
  clock: Clock
  log: Logger
  onChange: () => void
  /** Told of an end that was the configuration's fault: the next start waits for somebody to mend it. */
  onMisconfigured?: () => void
}): Promise<Supervised> {
  const { name, clock, log } = o
  const stopping = new AbortController()
  let running: Running | null = await o.start()
  let deaths = 0
  let misconfigured = false

  const keepUp = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      if (running !== null) {
        const since = clock.monotonicMs()
        const exit = await running.exited
        running = null
        misconfigured = exit.code === EXIT_CONFIG
        if (isStopping()) return
        deaths = clock.monotonicMs() - since >= healthyAfterMs ? 1 : deaths + 1
        log.warn({ process: name, ...exit, deaths }, 'process died')
        o.onChange()
        if (misconfigured) o.onMisconfigured?.()
      }
      const delayMs = misconfigured ? longestDelayMs : restartDelayMs(deaths)
      await clock.sleep(delayMs, stopping.signal).catch(() => undefined)
      if (isStopping()) return
      try {
        running = await o.start()
        log.info({ process: name, childPid: running.pid }, 'process started again')
        if (isStopping()) await running.stop()
        o.onChange()
      } catch {
        deaths += 1
        log.warn({ process: name, deaths }, 'process could not be started')
      }
    }
  }
  const isStopping = (): boolean => stopping.signal.aborted
  const kept = keepUp()

  return {
    pid: () => running?.pid ?? null,
    deaths: () => deaths,
    misconfigured: () => misconfigured,
    async stop() {
      stopping.abort()
      await running?.stop()
      await kept
    },
  }
}
