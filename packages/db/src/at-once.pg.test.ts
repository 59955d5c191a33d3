import { eventually, testDatabase, type TestDatabase } from '@callwire/testkit'
import { sql } from 'drizzle-orm'
import type postgres from 'postgres'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { callHeads, connectDatabase, statement, tenants, type Database } from './index.ts'
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
})
afterAll(async () => {
  await owner[Symbol.asyncDispose]()
  await database.drop()
})
/** One connection for all of a test, which has parsed nothing yet. */
beforeEach(async () => {
  const url = database.serviceUrl('gateway')
  db = await connectDatabase({ url, applicationName: 'test', maxConnections: 1 })
  await db.atOnce(mine, rename.with({ name: 'Before' }))
  return () => db.close()
})

type Name = { name: string }
const rename = statement<Name, Name & { tenantId: string }>(
  'at_once_rename',
  sql`update ${tenants} set name = ${sql.placeholder('name')}
    returning tenant_id as "tenantId", name`,
)
const nameAndMore = statement<
  Record<string, never>,
  Name & { at: Date; hours: unknown; none: null; list: string[] }
>(
  'at_once_name',
  sql`select name, created_at as at, '{"zone":"local"}'::jsonb as hours, null as none,
    array['one', 'two'] as list from ${tenants}`,
)
const headOfNoCall = statement<{ tenantId: string; callId: string }, never>(
  'at_once_head',
  sql`insert into ${callHeads} (tenant_id, call_id, hash) values
    (${sql.placeholder('tenantId')}, ${sql.placeholder('callId')}, repeat('0', 64))`,
)
const settings = statement<Record<string, never>, { tenant: string }>(
  'at_once_settings',
  sql`select current_setting('app.tenant', true) as tenant`,
)
const nameNow = async () => (await db.atOnce(mine, nameAndMore.with({})))[0][0]?.name

test('gives the rows of each statement, each after the one before it, of one tenant alone', async () => {
  for (const [tenantId, name] of [
    [mine, 'First'],
    [theirs, 'Second'],
    [mine, 'Third'],
  ] as const) {
    const [renamed, read] = await db.atOnce(tenantId, rename.with({ name }), nameAndMore.with({}))
    expect(renamed).toEqual([{ tenantId, name }])
    const at = expect.any(Date) as Date
    const hours = { zone: 'local' }
    expect(read).toEqual([{ name, at, hours, none: null, list: ['one', 'two'] }])
  }
})

test('a fault undoes all of it, is told as any other, and the connection goes on', async () => {
  for (let times = 0; times < 2; times += 1) {
    const broken = db.atOnce(mine, rename.with({ name: 'Half' }), rename.with({ name: '' }))
    await expect(broken).rejects.toMatchObject({ code: 'invalid', sqlstate: '23514' })
    expect(await nameNow()).toBe('Before')
  }
})

test('also one at the first run of a statement, behind one that was parsed with it', async () => {
  for (let times = 0; times < 2; times += 1) {
    const broken = db.atOnce(
      mine,
      nameAndMore.with({}),
      rename.with({ name: 'Half' }),
      rename.with({ name: '' }),
      settings.with({}),
    )
    await expect(broken).rejects.toMatchObject({ sqlstate: '23514' })
  }
  const [[read], [setting]] = await db.atOnce(mine, nameAndMore.with({}), settings.with({}))
  expect(read?.name).toBe('Before')
  expect(setting?.tenant).toBe(mine)
})

test('is done when it is committed: what only the commit refuses is refused', async () => {
  const callId = idOf('cal', 999)
  const head = headOfNoCall.with({ tenantId: mine, callId })
  const broken = db.atOnce(mine, rename.with({ name: 'Half' }), head)
  await expect(broken).rejects.toMatchObject({ code: 'foreign_key', sqlstate: '23503' })
  expect(await nameNow()).toBe('Before')
})

test('leaves no tenant behind on its connection', async () => {
  await db.atOnce(mine, nameAndMore.with({}))
  await db.ping()
  const seen = await db.withTenant(theirs, (tx) =>
    tx.select({ id: tenants.tenantId }).from(tenants),
  )
  expect(seen).toEqual([{ id: theirs }])
  expect(await owner`select count(*)::int from app.tenants`).toEqual([{ count: 2 }])
  const [[setting]] = await db.atOnce(theirs, settings.with({}))
  expect(setting?.tenant).toBe(theirs)
})

test('shares its parsed statements with transactions of several steps', async () => {
  expect(await db.withTenant(mine, (tx) => nameAndMore(tx, {}))).toHaveLength(1)
  expect(await nameNow()).toBe('Before')
  expect(await db.withTenant(mine, (tx) => settings(tx, {}))).toEqual([{ tenant: mine }])
})

test('takes the id of a tenant and nothing else', async () => {
  await expect(db.atOnce("x'", nameAndMore.with({}))).rejects.toMatchObject({ code: 'invalid' })
})

test('fails, and does nothing, when its connection is lost before the answer', async () => {
  const pids = await owner<{ pid: number }[]>`
    select pid from pg_stat_activity where application_name = 'test'`
  await owner.begin(async (tx) => {
    await tx`select from app.tenants where tenant_id = ${mine} for update`
    const waiting = db.atOnce(mine, rename.with({ name: 'Lost' }))
    const lost = expect(waiting).rejects.toMatchObject({ code: 'unavailable' })
    for (const { pid } of pids) await tx`select pg_terminate_backend(${pid})`
    await lost
  })
  // Another of the lost connections may be told of its end only when it is asked.
  expect(await eventually(() => nameNow().catch(() => null))).toBe('Before')
})
