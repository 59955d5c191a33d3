import { fileURLToPath } from 'node:url'
import {
  captureLogs,
  testDatabase,
  testRedis,
  type CapturedLogs,
  type OwnRedis,
  type TestDatabase,
} from '@callwire/testkit'
import { afterAll, beforeAll } from 'vitest'
import { readCourierConfig } from '../config.ts'
import { createContext, type CourierContext } from '../context.ts'
import type { CourierDeps } from '../deps.ts'
import type { Limits } from '../limits.ts'
import type { Resolve } from '../send/guarded-lookup.ts'
import { startCourier } from '../start-courier.ts'
import { receiver, type Receiver } from './receiver.ts'
import { createWorld, serviceKeys, type World } from './world.ts'

export type Suite = {
  database: TestDatabase
  redis: OwnRedis
  world: World
  /** A host that the operator named. */
  host: Receiver
  environment(over?: Record<string, string>): Record<string, string>
}

/** Stores and an install for a file of tests. */
export function courierSuite(): Suite {
  const suite = {
    environment: (over: Record<string, string> = {}): Record<string, string> => ({
      DATABASE_URL: suite.database.serviceUrl('courier'),
      REDIS_URL: suite.redis.url,
      WEBHOOK_OPEN_KEYS: serviceKeys.WEBHOOK_OPEN_KEYS,
      WEBHOOK_ALLOWED_HOSTS: suite.host.host,
      METRICS_PORT: '0',
      LOG_LEVEL: 'trace',
      ...over,
    }),
  } as Suite
  beforeAll(async () => {
    suite.database = await testDatabase()
    suite.redis = await testRedis({ own: true })
    suite.host = await receiver()
    suite.world = await createWorld(suite)
  })
  afterAll(async () => {
    await suite.world[Symbol.asyncDispose]()
    await suite.host[Symbol.asyncDispose]()
    await suite.redis[Symbol.asyncDispose]()
    await suite.database.drop()
  })
  return suite
}

export type RunningCourier = AsyncDisposable & {
  logs: CapturedLogs
  context: CourierContext
  port: number
}

type Options = { limits?: Partial<Limits>; resolve?: Resolve }

/** What a courier is made of, and nothing that runs. */
export async function courierDeps(
  environment: Record<string, string>,
  o: Options = {},
): Promise<AsyncDisposable & { deps: CourierDeps }> {
  const context = await createContext(readCourierConfig(environment), {
    ...{ log: captureLogs().log, signal: new AbortController().signal },
    ...o,
  })
  return { deps: context.deps, [Symbol.asyncDispose]: () => context.close() }
}

/** A courier within this process. */
export async function startTestCourier(
  environment: Record<string, string>,
  o: Options & { adjust?: (deps: CourierDeps) => CourierDeps } = {},
): Promise<RunningCourier> {
  const logs = captureLogs({ service: 'courier' })
  const stop = new AbortController()
  const { adjust = (deps: CourierDeps) => deps, ...given } = o
  const made = await createContext(readCourierConfig(environment), {
    ...{ log: logs.log, signal: stop.signal },
    ...given,
  })
  const context = { ...made, deps: adjust(made.deps) }
  const courier = await startCourier(context)
  return {
    logs,
    context,
    port: courier.metricsPort,
    [Symbol.asyncDispose]: async () => {
      stop.abort()
      await courier[Symbol.asyncDispose]()
    },
  }
}

export const courierMain = fileURLToPath(new URL('../main.ts', import.meta.url))
