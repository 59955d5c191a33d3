import { connectDatabase, connectProvisioner, type Database, type Provisioner } from '@callwire/db'
import { testDatabase, type TestDatabase } from '@callwire/testkit'
import postgres from 'postgres'

/** A database of one's own, seen past every fence and through the logins that take part. */
export type World = AsyncDisposable & {
  database: TestDatabase
  sql: postgres.Sql
  dialer: Database
  courier: Database
  gateway: Database
  provisioner: Provisioner
}

export async function createWorld(): Promise<World> {
  await using opened = new AsyncDisposableStack()
  const database = opened.use(await testDatabase())
  const sql = postgres(database.url, {
    max: 4,
    onnotice: () => undefined,
    connection: { search_path: 'app' },
  })
  opened.defer(() => sql.end({ timeout: 5 }))
  const login = async (service: string) => {
    const connected = await connectDatabase({
      url: database.serviceUrl(service),
      applicationName: `test-${service}`,
      maxConnections: 4,
    })
    opened.defer(() => connected.close())
    return connected
  }
  const [dialer, gateway] = [await login('dialer'), await login('gateway')]
  const courier = await login('courier')
  const provisioner = connectProvisioner({ url: database.url })
  opened.defer(() => provisioner.close())
  const kept = opened.move()
  return {
    database,
    sql,
    dialer,
    courier,
    gateway,
    provisioner,
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}
