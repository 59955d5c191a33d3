import { testDatabase, testServicePassword, type TestDatabase } from '@callwire/testkit'
import type postgres from 'postgres'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { migrateDatabase, serviceNames, type ServiceName } from '../index.ts'
import { catalogueProblems } from '../testing/catalogue/index.ts'
import { fillFirstTables, idOf } from '../testing/fill-tenant.ts'
import { superClient } from '../testing/super-client.ts'

const passwords = Object.fromEntries(
  serviceNames.map((service) => [service, testServicePassword(service)]),
) as Record<ServiceName, string>

let database: TestDatabase
let sql: postgres.Sql & AsyncDisposable
const first = ['0001-tables.sql']

beforeEach(async () => {
  database = await testDatabase({ empty: true })
  sql = superClient(database.url)
})
afterEach(async () => {
  await sql[Symbol.asyncDispose]()
  await database.drop()
})

const migrate = (upTo?: readonly string[]) =>
  migrateDatabase({ url: database.url, passwords, ...(upTo === undefined ? {} : { upTo }) })

/** What an install of the first version has: its fences are up, its tenants have data. */
async function install(): Promise<void> {
  await migrate(first)
  for (const n of [2, 1]) await fillFirstTables(sql, n)
  await sql.unsafe(`
    update tenants set created_at = now() - interval '1 day' where tenant_id = '${idOf('ten', 2)}';
    update phone_credentials set enc_api_key = 'cw1c.k1.a.b', enc_api_token = 'cw1c.k1.c.d';
    update calls set person_sealed = 'cw1d.k1.a.b', metadata_sealed = 'cw1d.k2.a.b',
      recording_url_sealed = 'cw1e.a.b';
    update call_keys set wrapped = 'cw1k.k1.a.b';
    update callback_inbox set body_sealed = 'cw1d.k2.a.b';
    update idempotency_keys set fingerprint = 'k1.aGFzaA';
    do $$
    declare item record;
    begin
      for item in select relname from pg_class c join pg_attribute a on a.attrelid = c.oid
        where c.relnamespace = 'app'::regnamespace and relkind = 'r' and attname = 'tenant_id'
      loop
        execute format('alter table app.%I enable row level security, force row level security',
          item.relname);
      end loop;
      create policy owner on tenants to callwire_owner
        using (tenant_id = (select app.tenant_id()));
    end $$;
  `)
}

test('an install with data is brought along: keys named, the oldest tenant its operator', async () => {
  await install()
  await migrate()
  expect(await catalogueProblems(sql)).toEqual([])
  const operators = await sql`select tenant_id from tenants where is_operator`
  expect(operators.map((row) => String(row['tenant_id']))).toEqual([idOf('ten', 2)])
  const [named] = await sql`
    select c.person_kid, c.metadata_kid, c.recording_url_kid, p.kid as credentials, k.kid as data,
      b.kid as callback, i.kid as fingerprint, i.fingerprint as kept
    from calls c join phone_credentials p using (tenant_id) join call_keys k using (tenant_id)
      join callback_inbox b using (tenant_id) join idempotency_keys i using (tenant_id)
    where c.tenant_id = ${idOf('ten', 1)}`
  expect(named).toEqual({
    person_kid: 'k1',
    metadata_kid: 'k2',
    recording_url_kid: null,
    credentials: 'k1',
    data: 'k1',
    callback: 'k2',
    fingerprint: null,
    kept: 'k1.aGFzaA',
  })
})

test('a schema that stops early is reached by nobody but its owner, and then goes on', async () => {
  await migrate(first)
  const tables = await sql`select relname from pg_class where relname = 'key_state'`
  expect(tables).toHaveLength(0)
  const reached = await sql`select from pg_class c, pg_roles r
    where c.relnamespace = 'app'::regnamespace and r.rolname like 'callwire\\_%'
      and r.rolname not in ('callwire_owner') and has_schema_privilege(r.oid, 'app', 'usage')`
  expect(reached).toHaveLength(0)
  await migrate([...first, '0002-keys.sql'])
  await migrate()
  expect(await catalogueProblems(sql)).toEqual([])
})

test.each([[['0001-other.sql']], [[...first, '0009-later.sql']], [['0002-keys.sql']]])(
  'a stop at %j, which this version does not have, is refused',
  async (upTo) => {
    await expect(migrate(upTo)).rejects.toMatchObject({
      code: 'migration',
      message: `This version does not know migration ${upTo.at(-1) ?? ''}`,
    })
  },
)
