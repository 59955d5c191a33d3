import { testDatabase, type TestDatabase } from '@callwire/testkit'
import type postgres from 'postgres'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { fillTenant, idOf } from '../testing/fill-tenant.ts'
import { superClient } from '../testing/super-client.ts'

let database: TestDatabase
let sql: postgres.Sql & AsyncDisposable
const tenant = idOf('ten', 1)
const rows = 200_000
const half = idOf('cal', rows / 2)

beforeAll(async () => {
  database = await testDatabase()
  sql = superClient(database.url)
  await fillTenant(sql, 1)
  await sql`alter table call_keys set (autovacuum_enabled = off)`
  await sql`set session_replication_role = replica`
  await sql`insert into call_keys (tenant_id, call_id, wrapped)
    select ${tenant}, 'cal_' || lpad(n::text, 24, '0'), 'cw1k.k' || n % 3 || '.a.b'
    from generate_series(10, ${rows}) n`
  await sql`set session_replication_role = origin`
})
afterAll(async () => {
  await sql[Symbol.asyncDispose]()
  await database.drop()
})

/** The pages of the table and its indexes that a statement looks at, and how it was planned inside. */
async function measured(statement: string): Promise<number> {
  const pages = async () => {
    const [row] = await sql<{ pages: string }[]>`
      select heap_blks_read + heap_blks_hit + idx_blks_read + idx_blks_hit as pages
      from pg_statio_all_tables where relid = 'app.call_keys'::regclass`
    return Number(row?.pages)
  }
  const settle = () => sql`select pg_stat_force_next_flush(), pg_stat_clear_snapshot()`
  await settle()
  const before = await pages()
  await sql.begin(async (tx) => {
    await tx`set local role callwire_dialer`
    await tx.unsafe(statement)
  })
  await settle()
  return (await pages()) - before
}

// A look through the table or a whole index is thousands of pages.
test.each([
  ['key ids', 'select * from finder.key_ids()', 60],
  [
    'rows of one key, from the middle',
    `select * from finder.sealed_rows('call_keys', 'k1', '${tenant}', '${half}', 100)`,
    130,
  ],
  [
    'rows of any key, from the middle',
    `select * from finder.sealed_rows('call_keys', null, '${tenant}', '${half}', 100)`,
    500,
  ],
])('%s take a walk along an index, with statistics and without', async (_name, text, most) => {
  for (const prepare of [() => sql`select`, () => sql`analyze call_keys`]) {
    await prepare()
    const pages = await measured(text)
    expect(pages).toBeGreaterThan(2)
    expect(pages).toBeLessThan(most)
  }
})
