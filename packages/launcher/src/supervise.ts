import { EXIT_CONFIG, type Clock, type Logger } from '@callwire/runtime'

import { healthyAfterMs, longestDelayMs, restartDelayMs } from './restart-delay.ts'

type Exit = { readonly code: number | null; readonly signal: string | null }

/** A running process, whatever kind it is. */
export type Running = {
  readonly pid: number
  readonly exited: Promise<Exit>
  /** Resolves when it says that it ends, and that its live work keeps it for a while. */
  readonly draining?: Promise<undefined>
  stop(): Promise<void>
}

export type Supervised = {
  /** The pid of the moment; null between a death and the next start. */
  pid(): number | null
  /** How often it has died since it last came up for good. */
  deaths(): number
  /** Whether its last end was the configuration's fault, which no other start will mend. */
  misconfigured(): boolean
  /** Ends it, and those before it that still drain. */
  stop(): Promise<void>
}

/**
 * Keeps a process running: started again within 2 s of its first death, later after each further one in a row, until
 * `stop`. One that drains gets a successor at once, and ends beside it in its own time. `onChange` is told of every start
 * and death.
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
  const leaving = new Set<Running>()
  let running: Running | null = await o.start()
  let deaths = 0
  let misconfigured = false

  const keepUp = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      const delayMs = running === null ? restartDelayMs(deaths) : await outlive(running)
      if (delayMs > 0) await clock.sleep(delayMs, stopping.signal).catch(() => undefined)
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

  /** Waits until the process needs another in its place, and says how long that one has to wait. */
  const outlive = async (current: Running): Promise<number> => {
    const since = clock.monotonicMs()
    const exit = await Promise.race([current.draining ?? current.exited, current.exited])
    running = null
    const wasHealthy = clock.monotonicMs() - since >= healthyAfterMs
    if (exit === undefined) {
      if (wasHealthy) deaths = 0
      letLeave(current)
      return 0
    }
    misconfigured = exit.code === EXIT_CONFIG
    if (isStopping()) return 0
    deaths = wasHealthy ? 1 : deaths + 1
    log.warn({ process: name, ...exit, deaths }, 'process died')
    o.onChange()
    if (misconfigured) o.onMisconfigured?.()
    return misconfigured ? longestDelayMs : restartDelayMs(deaths)
  }

  const letLeave = (current: Running): void => {
    leaving.add(current)
    log.info({ process: name, childPid: current.pid, leaving: leaving.size }, 'process drains')
    void current.exited.then((exit) => {
      leaving.delete(current)
      log.info({ process: name, childPid: current.pid, ...exit }, 'drained process ended')
    })
  }

  const isStopping = (): boolean => stopping.signal.aborted
  const kept = keepUp()

  return {
    pid: () => running?.pid ?? null,
    deaths: () => deaths,
    misconfigured: () => misconfigured,
    async stop() {
      stopping.abort()
      const all = running === null ? [...leaving] : [running, ...leaving]
      await Promise.all(all.map(async (one) => one.stop()))
      await kept
    },
  }
}
