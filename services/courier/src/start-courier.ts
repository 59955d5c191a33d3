import { runKeyJobs } from '@callwire/keyring'
import { every, serveMetrics } from '@callwire/runtime'
import type { CourierContext } from './context.ts'
import { startDelivering } from './deliver/start-delivering.ts'
import { startFinding } from './find/start-finding.ts'
import { prune } from './prune.ts'

const keyJobsMs = 1_000

export type Courier = AsyncDisposable & { readonly metricsPort: number }

/** Starts finding, delivering and forgetting. Disposing lets messages on their way end. */
export async function startCourier(context: CourierContext): Promise<Courier> {
  const { deps, lanes, metrics, health } = context
  const { clock, limits, log, stopping: signal } = deps
  await using started = new AsyncDisposableStack()
  started.defer(() => context.close())
  const scraped = started.use(await serveMetrics({ ...context.metricsAt, metrics, health, log }))
  const delivering = started.use(startDelivering(deps, lanes))
  started.use(startFinding(deps, () => delivering.wake()))
  const rounds = { clock, signal, log }
  started.use(every(limits.pruneMs, () => prune(deps), { ...rounds, name: 'prune' }))
  // Ends between two rows when the process does, and leaves its job to another.
  started.use(
    every(keyJobsMs, (stopping) => runKeyJobs({ ...deps, stopping }), {
      ...rounds,
      name: 'key-jobs',
    }),
  )
  const rest = started.move()
  return { metricsPort: scraped.port, [Symbol.asyncDispose]: () => rest.disposeAsync() }
}
