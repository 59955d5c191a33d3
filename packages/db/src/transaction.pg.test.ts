import { testDatabase, type TestDatabase } from '@callwire/testkit'
import { eq, sql } from 'drizzle-orm'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { connectDatabase, type Database } from './connect-database.ts'
import { tenants } from './schema/index.ts'
import { fillTenant, idOf } from './testing/fill-tenant.ts'
import { superClient } from './testing/super-client.ts'
import { statement } from './statement.ts'
import { commitBehind } from './transaction.ts'

let database: TestDatabase
let db: Database
const tenantId = idOf('ten', 1)

beforeAll(async () => {
  database = await testDatabase()
  await using client = superClient(database.url)
  await fillTenant(client, 1)
  db = await connectDatabase({
    url: database.serviceUrl('gateway'),
    applicationName: 'test',
    maxConnections: 1,
  })
})
afterAll(async () => {
  await db.close()
  await database.drop()
})

const nameNow = () =>
  db.withTenant(tenantId, async (tx) => {
    const [row] = await tx.select({ name: tenants.name }).from(tenants)
    return row?.name
  })
const rename = statement<{ name: string }, never>(
  'rename',
  sql`update ${tenants} set name = ${sql.placeholder('name')} where tenant_id = ${tenantId}`,
)
const names = statement<Record<string, never>, { name: string }>(
  'names',
  sql`select name from ${tenants}`,
)

test('a commit may travel right behind the last statement', async () => {
  const value = await db.withTenant(tenantId, (tx) => {
    commitBehind(tx, rename(tx, { name: 'Behind' }))
    return Promise.resolve('done')
  })
  expect(value).toBe('done')
  expect(await nameNow()).toBe('Behind')
})

test('and fails with that statement, whose error it is', async () => {
  await db.withTenant(tenantId, (tx) => rename(tx, { name: 'Before' }))
  const broken = db.withTenant(tenantId, async (tx) => {
    await tx.update(tenants).set({ name: 'Half' }).where(eq(tenants.tenantId, tenantId))
    commitBehind(tx, rename(tx, { name: '' }))
  })
  await expect(broken).rejects.toMatchObject({ code: 'invalid', sqlstate: '23514' })
  expect(await nameNow()).toBe('Before')
})

test('which is told also when the work went on and met the consequence', async () => {
  const broken = db.withTenant(tenantId, async (tx) => {
    commitBehind(tx, rename(tx, { name: '' }))
    await names(tx, {})
  })
  await expect(broken).rejects.toMatchObject({ code: 'invalid', sqlstate: '23514' })
})

test('work that gives up after such a statement leaves nothing of it', async () => {
  await db.withTenant(tenantId, (tx) => rename(tx, { name: 'Before' }))
  const givenUp = db.withTenant(tenantId, (tx) => {
    commitBehind(tx, rename(tx, { name: 'Given up' }))
    return Promise.reject(new Error('no'))
  })
  await expect(givenUp).rejects.toThrow('no')
  expect(await nameNow()).toBe('Before')
})

test('statements without a tenant do nothing, also those that did not wait for the begin', async () => {
  const foreign = db.withTenant(idOf('ten', 2), (tx) => names(tx, {}))
  expect(await foreign).toEqual([])
  const nobody = db.withTenant('ten_x', (tx) => names(tx, {}))
  await expect(nobody).rejects.toMatchObject({ code: 'invalid' })
})

test('a statement that comes again is planned once', async () => {
  for (let time = 0; time < 3; time += 1) await nameNow()
  const kept = await db.withTenant(tenantId, (tx) =>
    tx.execute<{ times: string }>(
      sql`select generic_plans + custom_plans as times from pg_prepared_statements
        where statement like 'select "name" from "tenants"%'`,
    ),
  )
  expect(kept.rows).toHaveLength(1)
  expect(Number(kept.rows[0]?.times)).toBeGreaterThan(0)
})
