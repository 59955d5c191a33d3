import { hostname } from 'node:os'
import {
  connectRedis,
  createBudget,
  createDoorbell,
  createQueues,
  requireNoEviction,
} from '@callwire/bus'
import { connectDatabase, followDatabaseClock } from '@callwire/db'
import { createExotelClient } from '@callwire/exotel'
import { measureHeldKeys, watchKeys } from '@callwire/keyring'
import { createLedger } from '@callwire/ledger'
import { createRecordingStore } from '@callwire/recordings'
import {
  createHealth,
  createMetrics,
  systemClock,
  systemRandom,
  type Clock,
  type Health,
  type Logger,
  type Metrics,
} from '@callwire/runtime'
import { requireSingleTenant } from './account/global-account.ts'
import type { DialerConfig } from './config.ts'
import type { DialerDeps } from './deps.ts'
import { createDialBatches } from './dial/dial-batches.ts'
import { createDialerMetrics } from './dialer-metrics.ts'

/** Dials hold a connection for moments only; sweeps, callbacks and relay share the rest. */
const databaseConnections = 10

export type DialerContext = {
  deps: DialerDeps
  bus: Awaited<ReturnType<typeof connectRedis>>
  health: Health
  metrics: Metrics
  metricsAt: { host: string; port: number }
  /** Stops waiting for the answers of requests that are still on their way. */
  cutRequests(): void
  close(): Promise<void>
}

/**
 * Builds all that the dialer is made of; on failure nothing stays open. Its clock is the database's:
 * what it writes by it (when a call is due, was dialed, was heard of) is compared there.
 *
 * @param o.machineClock - the system's, unless a test sets another
 */
export async function createContext(
  config: DialerConfig,
  o: { log: Logger; signal: AbortSignal; machineClock?: Clock },
): Promise<DialerContext> {
  const { log } = o
  await using opened = new AsyncDisposableStack()
  const database = await connectDatabase({
    url: config.databaseUrl,
    applicationName: 'callwire-dialer',
    maxConnections: databaseConnections,
  })
  opened.defer(() => database.close())
  await requireSingleTenant(database.finder, config.exotel.globalAccount)
  const metrics = createMetrics()
  const dialerMetrics = createDialerMetrics(metrics)
  const { clock } = opened.use(
    await followDatabaseClock({
      readMs: () => database.nowMs(),
      clock: o.machineClock ?? systemClock,
      onOffset: (ms) => dialerMetrics.clockOffset(ms),
      ...{ log, signal: o.signal },
    }),
  )
  const random = systemRandom
  const keyWatch = opened.use(
    await watchKeys({
      keys: database.keys,
      service: 'dialer',
      rings: config.rings,
      ...{ clock, random, log, signal: o.signal },
    }),
  )
  const bus = opened.use(await connectRedis({ url: config.redisUrl, name: 'dialer', log }))
  await requireNoEviction(bus)
  const queues = createQueues(bus)
  opened.defer(() => queues.close())
  const exotel = createExotelClient({
    allowedHosts: config.exotel.allowedHosts,
    allowHttp: config.exotel.allowHttp,
    timeoutMs: config.settings.dialTimeoutMs,
    clock,
  })
  opened.defer(() => exotel.close())
  const store = config.recordings === null ? null : createRecordingStore(config.recordings)
  if (store !== null) opened.use(store)
  const cutting = new AbortController()
  measureHeldKeys(metrics, keyWatch)
  const deps: DialerDeps = {
    database,
    dials: createDialBatches(database),
    ledger: createLedger({ database, doorbell: createDoorbell(bus), clock, random, log }),
    queues,
    budget: createBudget(bus, {
      perMinute: config.exotel.requestsPerMinute,
      history: database.accountRequests,
      ...{ clock, random },
    }),
    exotel,
    credentialRing: config.credentialRing,
    globalAccount: config.exotel.globalAccount,
    contentRing: config.contentRing,
    callbackRing: config.callbackRing,
    store,
    owner: `${hostname()}:${process.pid}:${random(4).toString('hex')}`,
    settings: config.settings,
    metrics: dialerMetrics,
    clock,
    random,
    log,
    stopping: o.signal,
    cutting: cutting.signal,
  }
  const kept = opened.move()
  return {
    deps,
    bus,
    health: createHealth({
      postgres: () => database.ping(),
      redis: () => bus.ping(),
      keys: () => keyWatch.check(),
    }),
    metrics,
    metricsAt: { host: config.host, port: config.metricsPort },
    cutRequests: () => cutting.abort(),
    close: () => kept.disposeAsync(),
  }
}
