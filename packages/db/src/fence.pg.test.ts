import { testDatabase, type TestDatabase } from '@callwire/testkit'
import type postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fillTenant, idOf } from './testing/fill-tenant.ts'
import { rolledBack, superClient } from './testing/super-client.ts'

let database: TestDatabase
let sql: postgres.Sql & AsyncDisposable
let tables: string[]
const mine = idOf('ten', 1)
const theirs = idOf('ten', 2)

beforeAll(async () => {
  database = await testDatabase()
  sql = superClient(database.url)
  await fillTenant(sql, 1)
  await fillTenant(sql, 2)
  const rows = await sql<{ name: string }[]>`
    select c.relname as name from pg_class c join pg_attribute a on a.attrelid = c.oid
    where c.relnamespace = 'app'::regnamespace and c.relkind = 'r' and a.attname = 'tenant_id'
  `
  tables = rows.map((row) => row.name)
})
afterAll(async () => {
  await sql[Symbol.asyncDispose]()
  await database.drop()
})

/** As a service that was granted everything, so that the policies alone stand in the way. */
async function asService(tenant: string | null, work: (tx: postgres.Sql) => Promise<void>) {
  await rolledBack(sql, async (tx) => {
    await tx`grant all on all tables in schema app to callwire_gateway`
    await tx`alter table audit_log disable trigger audit_log_append_only`
    await tx`set local role callwire_gateway`
    if (tenant !== null) await tx`select set_config('app.tenant', ${tenant}, true)`
    await work(tx)
  })
}

/** The SQLSTATE of a refused statement, or how many rows it touched. */
async function outcome(tx: postgres.Sql, statement: string): Promise<string | number> {
  await tx.unsafe('savepoint before')
  try {
    const { count } = await tx.unsafe(statement)
    return count
  } catch (error) {
    await tx.unsafe('rollback to savepoint before')
    return error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
  }
}

const refused = '42501'

describe('every table of the catalogue', () => {
  test('has a row of both tenants, or this test proves nothing', async () => {
    expect(tables.length).toBeGreaterThan(15)
    for (const table of tables) {
      const rows = await sql`select distinct tenant_id from ${sql(table)} order by 1`
      expect([table, rows.map((row) => String(row['tenant_id']))]).toEqual([table, [mine, theirs]])
    }
  })

  test("shows its own tenant's rows alone", async () => {
    await asService(mine, async (tx) => {
      for (const table of tables) {
        const rows = await tx`select distinct tenant_id from ${tx(table)}`
        expect([table, rows.map((row) => String(row['tenant_id']))]).toEqual([table, [mine]])
      }
    })
  })

  test.each([
    ['select', (table: string) => `select * from ${table}`],
    ['insert', (table: string) => `insert into ${table} select * from ${table}`],
    ['update', (table: string) => `update ${table} set tenant_id = tenant_id`],
    ['delete', (table: string) => `delete from ${table}`],
  ])('refuses %s without a tenant', async (_name, statement) => {
    for (const tenant of [null, '']) {
      await asService(tenant, async (tx) => {
        for (const table of tables) {
          expect([table, await outcome(tx, statement(table))]).toEqual([table, refused])
        }
      })
    }
  })

  test("does not touch another tenant's rows", async () => {
    await asService(mine, async (tx) => {
      for (const table of tables) {
        const where = `where tenant_id = '${theirs}'`
        expect([
          table,
          await outcome(tx, `update ${table} set tenant_id = tenant_id ${where}`),
          await outcome(tx, `delete from ${table} ${where}`),
        ]).toEqual([table, 0, 0])
      }
    })
  })

  test('cannot be written for another tenant: insert, update, upsert', async () => {
    const rows = new Map<string, Record<string, unknown>>()
    for (const table of tables) {
      const [row] = await sql`select * from ${sql(table)} where tenant_id = ${theirs}`
      rows.set(table, row ?? {})
    }
    await asService(mine, async (tx) => {
      for (const table of tables) {
        const row = JSON.stringify(rows.get(table)).replaceAll("'", "''")
        const from = `insert into ${table} select * from jsonb_populate_record(null::${table}, '${row}')`
        expect([
          table,
          await outcome(tx, from),
          await outcome(tx, `${from} on conflict do nothing`),
          await outcome(tx, `update ${table} set tenant_id = '${theirs}'`),
        ]).toEqual([table, refused, refused, refused])
      }
    })
  })
})

test('a foreign key to a row of another tenant is refused', async () => {
  await asService(mine, async (tx) => {
    expect(await outcome(tx, `update phones set agent_id = '${idOf('agt', 2)}'`)).toBe('23503')
    expect(await outcome(tx, `update calls set phone_id = '${idOf('phn', 2)}'`)).toBe('23503')
  })
})

test.each([
  ['superuser', `update audit_log set action = 'x'`],
  ['superuser', `update audit_log set action = 'x' where false`],
  ['superuser', `delete from audit_log`],
  ['superuser', `truncate audit_log`],
  ['owner', `set local role callwire_owner; truncate audit_log`],
])('the audit is append-only, for the %s too: %s', async (_who, statement) => {
  await rolledBack(sql, async (tx) => {
    expect(await outcome(tx, statement)).toBe(refused)
  })
})

test.each([
  ['phone_credentials', `enc_api_key = 'my-api-key'`],
  ['calls', `person_sealed = '+919876543210'`],
  ['calls', `person_masked = '+919876543210'`],
  ['calls', `metadata_sealed = '{}'`],
  ['call_keys', `wrapped = 'key'`],
  ['call_secrets', `sealed = 'hello'`],
  ['callback_inbox', `body_sealed = '{}'`],
  ['calls', `status = 'lost'`],
  ['agents', `kind = 'human'`],
  ['agents', `number = '+919876543210'`],
  ['users', `role = 'god'`],
  ['users', `password_hash = 'hunter2'`],
  ['call_events', `data = null`],
])('%s refuses %s', async (table, change) => {
  await rolledBack(sql, async (tx) => {
    expect(await outcome(tx, `update ${table} set ${change}`)).toBe('23514')
  })
})
