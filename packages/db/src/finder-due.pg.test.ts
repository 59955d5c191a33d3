import { testDatabase, type TestDatabase } from '@callwire/testkit'
import type postgres from 'postgres'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { connectDatabase, type Database } from './index.ts'
import { fillTenant, idOf } from './testing/fill-tenant.ts'
import { superClient } from './testing/super-client.ts'

let database: TestDatabase
let sql: postgres.Sql & AsyncDisposable
let dialer: Database
const flooding = idOf('ten', 1)
const other = idOf('ten', 2)

beforeAll(async () => {
  database = await testDatabase()
  sql = superClient(database.url)
  await fillTenant(sql, 1)
  await fillTenant(sql, 2)
  dialer = await connectDatabase({ url: database.serviceUrl('dialer'), applicationName: 'test' })
})
afterAll(async () => {
  await dialer.close()
  await sql[Symbol.asyncDispose]()
  await database.drop()
})
beforeEach(async () => {
  await sql`delete from calls where id not in (${idOf('cal', 1)}, ${idOf('cal', 2)})`
  await sql`update calls set status = 'canceled'`
  await sql`update tenants set dialing_paused = false`
  await sql`delete from install`
})

/** Queued calls of a tenant, due `dueMs` from now and a little earlier each, of three priorities. */
async function line(
  tenant: 1 | 2,
  from: number,
  count: number,
  dueMs: number,
  reason: string | null,
) {
  await sql`
    insert into calls (tenant_id, id, phone_id, direction, person_sealed, person_masked, person_index,
      status, priority, due_at, attempt, reason_code)
    select ${idOf('ten', tenant)}, 'cal_' || lpad(n::text, 24, '0'), ${idOf('phn', tenant)}, 'outbound',
      'cw1d.x', '****', 'i', 'queued', n % 3,
      now() + (${dueMs}::integer - n) * interval '1 millisecond', 2, ${reason}
    from generate_series(${from}::integer, ${from + count - 1}::integer) n`
}

type Row = { tenant: string; id: string; priority: number; dueMs: number; reason: string | null }

/** What is due, in the order it should come, by a plain reading of all rows. */
async function expected(most: number, mayDial: (row: Row) => boolean): Promise<string[]> {
  const rows = await sql<Row[]>`
    select tenant_id as tenant, id, priority, (extract(epoch from due_at) * 1000)::float8 as "dueMs",
      reason_code as reason
    from calls where status = 'queued' and due_at <= now()`
  const turns = [...Map.groupBy(rows.filter(mayDial), ({ tenant }) => tenant).values()].flatMap(
    (own) =>
      own
        .toSorted((a, b) => b.priority - a.priority || a.dueMs - b.dueMs || (a.id < b.id ? -1 : 1))
        .map((row, turn) => ({ ...row, turn })),
  )
  return turns
    .toSorted((a, b) => a.turn - b.turn || a.dueMs - b.dueMs)
    .slice(0, most)
    .map(({ id }) => id)
}

const due = async (most: number) => (await dialer.finder.dueCalls(most)).map(({ callId }) => callId)

describe.each([
  ['few', 300],
  ['very many', 6_000],
])('with %s calls of one tenant', (_title, flood) => {
  beforeEach(async () => {
    await line(1, 1_000, flood, -1_000, null)
    await line(1, 20_000, 50, 3_600_000, null)
    await line(2, 30_000, 4, -500, null)
    await line(2, 40_000, 3, -400, 'paused')
    await sql`analyze calls`
  })

  test('tenants take turns, by priority and age within one', async () => {
    const found = await due(100)
    expect(found).toEqual(await expected(100, () => true))
    const own = await sql<{ id: string }[]>`
      select id from calls where tenant_id = ${other} and status = 'queued'`
    expect(found.slice(0, 14)).toEqual(expect.arrayContaining(own.map(({ id }) => id)))
    expect(await due(20_000)).toHaveLength(flood + 7)
  })

  test('what says that it is paused comes again when its tenant goes on', async () => {
    await sql`update calls set reason_code = 'paused' where tenant_id = ${flooding} and priority < 2`
    await sql`update tenants set dialing_paused = true where tenant_id = ${flooding}`
    const mayDial = (row: Row) => row.tenant !== flooding || row.reason === null
    expect(await due(100)).toEqual(await expected(100, mayDial))
    await sql`update tenants set dialing_paused = false`
    expect(await due(100)).toEqual(await expected(100, () => true))
  })

  test('while everybody is paused only those come that do not say so yet', async () => {
    await sql`insert into install (dialing_paused) values (true)`
    expect(await due(100)).toEqual(await expected(100, (row) => row.reason === null))
  })
})
