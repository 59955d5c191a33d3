import { hostname } from 'node:os'
import { connectRedis, createDoorbell, createDoorbellSubscriber } from '@callwire/bus'
import { connectDatabase } from '@callwire/db'
import { measureHeldKeys, watchKeys } from '@callwire/keyring'
import {
  createHealth,
  createMetrics,
  systemClock,
  systemRandom,
  type Health,
  type Logger,
  type Metrics,
} from '@callwire/runtime'
import type { CourierConfig } from './config.ts'
import { createCourierMetrics } from './courier-metrics.ts'
import { createLanes, type Lanes } from './deliver/lanes.ts'
import type { CourierDeps } from './deps.ts'
import { limits as usualLimits, type Limits } from './limits.ts'
import type { Resolve } from './send/guarded-lookup.ts'
import { isPublicAddress } from './send/reachable.ts'
import { machineResolve, strangersResolve } from './send/resolve.ts'
import { createSender } from './send/sender.ts'

/** Looks, claims and outcomes hold one for moments each; nothing is held while a host is waited for. */
const databaseConnections = 10

export type CourierContext = {
  deps: CourierDeps
  lanes: Lanes
  health: Health
  metrics: Metrics
  metricsAt: { host: string; port: number }
  close(): Promise<void>
}

/** Builds all that the courier is made of; on failure nothing stays open. */
export async function createContext(
  config: CourierConfig,
  o: { log: Logger; signal: AbortSignal; limits?: Partial<Limits>; resolve?: Resolve },
): Promise<CourierContext> {
  const { log } = o
  const limits: Limits = { ...usualLimits, ...o.limits }
  await using opened = new AsyncDisposableStack()
  const database = await connectDatabase({
    url: config.databaseUrl,
    applicationName: 'callwire-courier',
    maxConnections: databaseConnections,
  })
  opened.defer(() => database.close())
  const clock = systemClock
  const random = systemRandom
  const keyWatch = opened.use(
    await watchKeys({
      keys: database.keys,
      service: 'courier',
      rings: config.rings,
      ...{ clock, random, log, signal: o.signal },
    }),
  )
  const bus = opened.use(await connectRedis({ url: config.redisUrl, name: 'courier', log }))
  const sender = createSender({
    resolve: o.resolve ?? strangersResolve(),
    resolveNamed: machineResolve,
    mayReach: isPublicAddress,
    timeoutMs: limits.sendTimeoutMs,
  })
  opened.defer(() => sender.close())
  const lanes = createLanes(limits)
  const metrics = createMetrics()
  measureHeldKeys(metrics, keyWatch)
  const deps: CourierDeps = {
    database,
    doorbell: createDoorbell(bus),
    subscriber: createDoorbellSubscriber(bus),
    sender,
    webhookRing: config.webhookRing,
    allowedHosts: config.allowedHosts,
    owner: `${hostname()}:${process.pid}:${random(4).toString('hex')}`,
    limits,
    metrics: createCourierMetrics(metrics, () => lanes.size()),
    clock,
    random,
    log,
    stopping: o.signal,
  }
  const kept = opened.move()
  return {
    deps,
    lanes,
    health: createHealth({
      postgres: () => database.ping(),
      redis: () => bus.ping(),
      keys: () => keyWatch.check(),
    }),
    metrics,
    metricsAt: { host: config.host, port: config.metricsPort },
    close: () => kept.disposeAsync(),
  }
}
