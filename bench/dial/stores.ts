import { randomBytes } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { migrateDatabase, serviceDatabaseUrl, serviceNames, type ServiceName } from '@callwire/db'
import { placesOutside, startPostgres, startRedis } from '@callwire/stores'
import { scratchDir } from '@callwire/stores/testing'
import postgres from 'postgres'

/** Stores of this benchmark's own, durable as an install's are; both sides use them. */
export type Stores = AsyncDisposable & {
  /** The database's owner: the floor's login. */
  databaseUrl: string
  redisUrl: string
  /** The database server's first process: the others are its children. */
  postgresPid: number
  serviceUrl(service: ServiceName): string
  /** Past every fence, for seeding and counting. */
  sql: postgres.Sql
}

export async function startStores(): Promise<Stores> {
  await using stack = new AsyncDisposableStack()
  const dataDir = await scratchDir('bench')
  stack.defer(async () => {
    for (const place of [...(await placesOutside(dataDir)), dataDir]) {
      await rm(place, { recursive: true, force: true })
    }
  })
  const redis = await startRedis({ dataDir })
  stack.defer(() => redis.stop())
  const database = await startPostgres({ dataDir })
  stack.defer(() => database.stop())
  const passwords = Object.fromEntries(
    serviceNames.map((name) => [name, randomBytes(16).toString('hex')]),
  ) as Record<ServiceName, string>
  await migrateDatabase({ url: database.url, passwords })
  const sql = postgres(database.url, {
    max: 2,
    onnotice: () => undefined,
    connection: { search_path: 'app' },
  })
  stack.defer(() => sql.end({ timeout: 5 }))
  const kept = stack.move()
  return {
    databaseUrl: database.url,
    redisUrl: redis.url,
    postgresPid: database.pid,
    serviceUrl: (service) => serviceDatabaseUrl(database.url, service, passwords[service]),
    sql,
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}
