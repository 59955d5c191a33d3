import { connectDatabase } from '@callwire/db'
import { testDatabase, testRedis, type OwnRedis, type TestDatabase } from '@callwire/testkit'
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest'
import { dialerEnvironment } from './dialer-under-test.ts'
import { exotelStandIn, type ExotelStandIn } from './exotel-stand-in.ts'
import { tenantWorld, type TenantWorld } from './tenant-world.ts'

export type Suite = {
  database: TestDatabase
  redis: OwnRedis
  /** Exotel and a tenant of each test's own. */
  exotel: ExotelStandIn
  world: TenantWorld
  environment: (over?: Record<string, string>) => Record<string, string>
}

/**
 * Stores for a file of tests, with an empty Redis, an Exotel and a tenant for each of them. With
 * `alone` each test's tenant is the only one of its install.
 */
export function dialerSuite(o: { alone?: boolean } = {}): Suite {
  const suite = {
    environment: (over: Record<string, string> = {}) => ({
      ...dialerEnvironment({
        database: suite.database,
        redisUrl: suite.redis.url,
        exotelHost: suite.exotel.host,
      }),
      ...over,
    }),
  } as Suite
  const alone = o.alone === true
  beforeAll(async () => {
    if (!alone) suite.database = await testDatabase()
    suite.redis = await testRedis({ own: true })
  })
  afterAll(async () => {
    await suite.redis[Symbol.asyncDispose]()
    if (!alone) await suite.database.drop()
  })
  beforeEach(async () => {
    if (alone) suite.database = await testDatabase()
    await suite.redis.flush()
    await forgetRequests(suite.database)
    suite.exotel = await exotelStandIn()
    suite.world = await tenantWorld(suite.database)
  })
  afterEach(async () => {
    await suite.world[Symbol.asyncDispose]()
    await suite.exotel[Symbol.asyncDispose]()
    if (alone) await suite.database.drop()
  })
  return suite
}

/** What the test before asked of the account, whose budget would otherwise be told of it. */
async function forgetRequests(database: TestDatabase): Promise<void> {
  const dialer = await connectDatabase({
    url: database.serviceUrl('dialer'),
    applicationName: 'test-dialer',
    maxConnections: 1,
  })
  await dialer.accountRequests.forget(-60_000, 100_000)
  await dialer.close()
}
