import { testDatabase, type TestDatabase } from '@callwire/testkit'
import { sql } from 'drizzle-orm'
import type postgres from 'postgres'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { connectDatabase, phones, statement, users, type Database, type Tx } from './index.ts'
import { fillTenant, idOf } from './testing/fill-tenant.ts'
import { superClient } from './testing/super-client.ts'

let database: TestDatabase
let owner: postgres.Sql & AsyncDisposable
let db: Database
const mine = idOf('ten', 1)
const theirs = idOf('ten', 2)

beforeAll(async () => {
  database = await testDatabase()
  owner = superClient(database.url)
  await fillTenant(owner, 1)
  await fillTenant(owner, 2)
  const url = database.serviceUrl('gateway')
  db = await connectDatabase({ url, applicationName: 'test', maxConnections: 1 })
})
afterAll(async () => {
  await db.close()
  await owner[Symbol.asyncDispose]()
  await database.drop()
})

const usersAfter = statement<{ after: Date }, { tenantId: string; createdAt: Date }>(
  'users_after',
  sql`select tenant_id as "tenantId", created_at as "createdAt" from ${users}
    where ${users.createdAt} > ${sql.placeholder('after')}`,
)
const plans = statement<Record<string, unknown>, { name: string }>(
  'plans',
  sql`select name from pg_prepared_statements where name = 'users_after'`,
)

test('gives the rows of its transaction’s tenant, as the driver reads them', async () => {
  const since = (after: Date) => (tx: Tx) => usersAfter(tx, { after })
  for (const tenantId of [mine, theirs, mine]) {
    const [row, ...others] = await db.withTenant(tenantId, since(new Date(0)))
    expect(row).toEqual({ tenantId, createdAt: expect.any(Date) as Date })
    expect(others).toEqual([])
  }
  expect(await db.withTenant(mine, since(new Date('9999-01-01')))).toEqual([])
})

test('is planned once for a connection, however often it runs', async () => {
  const seen = await db.withTenant(mine, async (tx) => {
    for (let i = 0; i < 3; i += 1) await usersAfter(tx, { after: new Date(0) })
    return plans(tx, {})
  })
  expect(seen).toEqual([{ name: 'users_after' }])
})

test('brings a fault as the transaction does', async () => {
  const broken = statement<{ number: string }, never>(
    'broken',
    sql`update ${phones} set number = ${sql.placeholder('number')}`,
  )
  const work = db.withTenant(mine, (tx) => broken(tx, { number: 'no number' }))
  await expect(work).rejects.toMatchObject({ name: 'DbError', code: 'permission' })
})
