import { errorFields, type Logger } from '@callwire/runtime'

/**
 * Work that follows a committed answer and may fail without harm, because somebody sweeps for
 * what it would have done: the caller does not wait for it, a shutdown does.
 */
export type BestEffort = {
  run(task: string, work: () => Promise<void>): void
  settled(): Promise<void>
}

export function createBestEffort(log: Logger): BestEffort {
  const running = new Set<Promise<void>>()
  return {
    run: (task, work) => {
      const tracked: Promise<void> = work()
        .catch((error: unknown) => {
          log.warn({ task, ...errorFields(error) }, 'task left to the sweep')
        })
        .finally(() => running.delete(tracked))
      running.add(tracked)
    },
    settled: async () => {
      await Promise.all(running)
    },
  }
}
