import { testDatabase, type TestDatabase } from '@callwire/testkit'
import type { Client } from 'pg'
import type postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { asService, copyingClient, outcomeOf, undone, type Outcome } from './testing/as-service.ts'
import { installWideUnique } from './testing/catalogue/expected.ts'
import { fillTenant, idOf } from './testing/fill-tenant.ts'
import { superClient } from './testing/super-client.ts'
import {
  insertion,
  references,
  tenantTables,
  upsertion,
  type TenantTable,
} from './testing/tenant-tables.ts'

let database: TestDatabase
let sql: postgres.Sql & AsyncDisposable
let client: Client
let tables: TenantTable[]
const tenants = [idOf('ten', 1), idOf('ten', 2)] as const
const pairs = [
  { own: tenants[0], other: tenants[1] },
  { own: tenants[1], other: tenants[0] },
]

beforeAll(async () => {
  database = await testDatabase()
  sql = superClient(database.url)
  client = await copyingClient(database.url)
  await fillTenant(sql, 1)
  await fillTenant(sql, 2)
  tables = await tenantTables(sql)
})
afterAll(async () => {
  await client.end()
  await sql[Symbol.asyncDispose]()
  await database.drop()
})

const refused = { code: '42501', constraint: null }

type Row = Record<string, unknown>

async function rowOf(table: TenantTable, tenant: string): Promise<Row> {
  const [row] = await sql`select to_jsonb(t) as row from ${sql(table.name)} t
    where tenant_id = ${tenant}`
  return (row?.['row'] ?? {}) as Row
}

/** What every table did, by its name: one statement each, in an order that keeps them possible. */
async function outcomes(
  o: { tenant: string | null; rowsOf: string },
  statement: (table: TenantTable, row: Row) => string | string[],
): Promise<Record<string, Outcome>> {
  const rows = new Map<string, Row>()
  for (const table of tables) rows.set(table.name, await rowOf(table, o.rowsOf))
  const found: Record<string, Outcome> = {}
  await asService(client, { tenant: o.tenant, unlinked: true }, async () => {
    for (const table of tables) {
      for (const text of [statement(table, rows.get(table.name) ?? {})].flat()) {
        found[table.name] = await outcomeOf(client, text)
      }
    }
  })
  return found
}

const each = (outcome: Outcome) => Object.fromEntries(tables.map(({ name }) => [name, outcome]))

test('every table has one row of both tenants, or this file proves nothing', async () => {
  expect(tables.length).toBeGreaterThan(18)
  for (const { name } of tables) {
    const rows = await sql`select tenant_id from ${sql(name)} order by 1`
    expect([name, rows.map((row) => String(row['tenant_id']))]).toEqual([name, [...tenants]])
  }
})

describe.each(pairs)('with $own', ({ own, other }) => {
  const mine = (statement: (table: TenantTable, row: Row) => string | string[]) =>
    outcomes({ tenant: own, rowsOf: own }, statement)
  const theirs = (statement: (table: TenantTable, row: Row) => string) =>
    outcomes({ tenant: own, rowsOf: other }, statement)
  const ofOther = `where tenant_id = '${other}'`

  test('select shows its own row alone', async () => {
    expect(await mine(({ name }) => `select from ${name}`)).toEqual(each(1))
    expect(await mine(({ name }) => `select from ${name} where tenant_id = '${own}'`)).toEqual(
      each(1),
    )
    expect(await theirs(({ name }) => `select from ${name} ${ofOther}`)).toEqual(each(0))
  })

  test('copy gives its own row alone, and takes none', async () => {
    expect(await mine(({ name }) => `copy ${name} to stdout`)).toEqual(each(1))
    expect(await theirs(({ name }) => `copy (select * from ${name} ${ofOther}) to stdout`)).toEqual(
      each(0),
    )
    // Where rows are fenced, PostgreSQL copies none in, whoever they are for.
    const unsupported = { code: '0A000', constraint: null }
    expect(await mine(({ name }) => `copy ${name} (tenant_id) from stdin`)).toEqual(
      each(unsupported),
    )
  })

  test('insert takes its own row, and none for another', async () => {
    expect(
      await mine((table, row) => [`delete from ${table.name}`, insertion(table, row)]),
    ).toEqual(each(1))
    expect(await theirs(insertion)).toEqual(each(refused))
    expect(await theirs((table, row) => `${insertion(table, row)} on conflict do nothing`)).toEqual(
      each(refused),
    )
  })

  test('update changes its own row, not another, and hands none over', async () => {
    const update = ({ name }: TenantTable) => `update ${name} set tenant_id = tenant_id`
    expect(await mine(update)).toEqual(each(1))
    expect(await theirs((table) => `${update(table)} ${ofOther}`)).toEqual(each(0))
    expect(await theirs(({ name }) => `update ${name} set tenant_id = '${other}'`)).toEqual(
      each(refused),
    )
  })

  test('upsert puts its own row in place, and neither makes nor changes another', async () => {
    expect(await mine(upsertion)).toEqual(each(1))
    expect(
      await mine((table, row) => [`delete from ${table.name}`, upsertion(table, row)]),
    ).toEqual(each(1))
    expect(await theirs(upsertion)).toEqual(each(refused))
  })

  test('delete removes its own row alone', async () => {
    expect(await theirs(({ name }) => `delete from ${name} ${ofOther}`)).toEqual(each(0))
    expect(await mine(({ name }) => `delete from ${name}`)).toEqual(each(1))
  })

  test('no foreign key leads to a row of the other', async () => {
    const keys = await references(sql)
    expect(keys.length).toBeGreaterThan(12)
    const found: Record<string, Outcome> = {}
    for (const { name, table, columns } of keys) {
      const [their] = await sql`select ${sql(columns)} from ${sql(table)} ${sql.unsafe(ofOther)}`
      await asService(client, { tenant: own }, async () => {
        const change = columns.map((column) => `${column} = '${String(their?.[column])}'`)
        // Keys of others to the row that moves can wait: this one alone is asked about.
        const statement = `set constraints all deferred;
          update ${table} set ${change.join(', ')}; set constraints ${name} immediate`
        found[name] = await outcomeOf(client, statement)
      })
    }
    expect(found).toEqual(
      Object.fromEntries(keys.map(({ name }) => [name, { code: '23503', constraint: name }])),
    )
  })

  test('what the other has is never in the way, but for the listed secrets and addresses', async () => {
    const inTheWay = Object.values(
      await theirs((table, row) => insertion(table, { ...row, tenant_id: own })),
    ).filter((outcome) => typeof outcome !== 'number')
    const unique = await sql<{ name: string }[]>`
      select i.relname as name from pg_index x join pg_class i on i.oid = x.indexrelid
      join pg_attribute a on a.attrelid = x.indrelid and a.attnum = any(x.indkey)
      where x.indisunique and a.attname = 'tenant_id'`
    const composite = unique.map(({ name }) => name)
    const told = inTheWay.filter(({ constraint }) => !composite.includes(constraint ?? ''))
    expect(told.filter(({ code }) => code !== '23505')).toEqual([])
    for (const { constraint } of told) expect(installWideUnique).toHaveProperty(constraint ?? '')
  })
})

describe.each([null, ''])('with %j for a tenant', (tenant) => {
  const without = (statement: (table: TenantTable, row: Row) => string) =>
    outcomes({ tenant, rowsOf: tenants[0] }, statement)

  test.each<[string, (table: TenantTable, row: Row) => string]>([
    ['select', ({ name }) => `select from ${name}`],
    ['copy', ({ name }) => `copy ${name} to stdout`],
    ['insert', insertion],
    ['update', ({ name }) => `update ${name} set tenant_id = tenant_id`],
    ['upsert', upsertion],
    ['delete', ({ name }) => `delete from ${name}`],
  ])('%s is refused by every table', async (_name, statement) => {
    expect(await without(statement)).toEqual(each(refused))
  })
})

test('the backup reads every row of every tenant, and no more', async () => {
  await undone(client, async () => {
    await client.query('set local role callwire_backup')
    for (const table of tables) {
      const found = [
        await outcomeOf(client, `copy ${table.name} to stdout`),
        await outcomeOf(client, `update ${table.name} set tenant_id = tenant_id`),
        await outcomeOf(client, `delete from ${table.name}`),
        await outcomeOf(client, insertion(table, {})),
      ]
      expect([table.name, ...found]).toEqual([table.name, 2, refused, refused, refused])
    }
  })
})

test('a number may be imported by two tenants, and once by each', async () => {
  const [first] = await sql`select number, country from phones where tenant_id = ${tenants[0]}`
  const add = (id: string) => `insert into phones (tenant_id, id, number, country)
    values ('${tenants[1]}', '${id}', '${String(first?.['number'])}', 'IN')`
  await asService(client, { tenant: tenants[1] }, async () => {
    await client.query(`update phones set deleted_at = now()`)
    expect(await outcomeOf(client, add(idOf('phn', 9)))).toBe(1)
    expect(await outcomeOf(client, add(idOf('phn', 10)))).toEqual({
      code: '23505',
      constraint: 'phones_number',
    })
  })
})

test.each([
  ['superuser', `update audit_log set action = 'x'`],
  ['superuser', `update audit_log set action = 'x' where false`],
  ['superuser', `delete from audit_log`],
  ['superuser', `truncate audit_log`],
  ['owner', `set local role callwire_owner; truncate audit_log`],
])('the audit is append-only, for the %s too: %s', async (_who, statement) => {
  await undone(client, async () => {
    expect(await outcomeOf(client, statement)).toEqual(refused)
  })
})

test.each([
  ['phone_credentials', `enc_api_key = 'my-api-key'`],
  ['phone_credentials', `enc_api_key = 'cw1c.k1.a.b', enc_api_token = 'cw1c.k2.a.b'`],
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
  ['phone_checks', `state = 'ok'`],
])('%s refuses %s', async (table, change) => {
  await undone(client, async () => {
    expect(await outcomeOf(client, `update ${table} set ${change}`)).toMatchObject({
      code: '23514',
    })
  })
})
