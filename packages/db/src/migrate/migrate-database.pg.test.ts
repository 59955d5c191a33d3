import { randomBytes } from 'node:crypto'
import { testDatabase, testServicePassword } from '@callwire/testkit'
import { sql as statement } from 'drizzle-orm'
import type postgres from 'postgres'
import { expect, onTestFinished, test } from 'vitest'
import { connectDatabase, migrateDatabase, serviceNames, type ServiceName } from '../index.ts'
import { catalogueProblems } from '../testing/catalogue/index.ts'
import { idOf } from '../testing/fill-tenant.ts'
import { superClient } from '../testing/super-client.ts'

// Roles belong to the cluster: whoever migrates in a test sets the passwords that all tests use.
const passwords = Object.fromEntries(
  serviceNames.map((service) => [service, testServicePassword(service)]),
) as Record<ServiceName, string>

async function arrange(o: { empty: boolean }) {
  const database = await testDatabase(o)
  const sql: postgres.Sql & AsyncDisposable = superClient(database.url)
  onTestFinished(async () => {
    await sql[Symbol.asyncDispose]()
    await database.drop()
  })
  return { database, sql }
}

/** A login of its own that may use `url`'s server. */
async function makeLogin(o: { sql: postgres.Sql; url: string; rights: string }): Promise<string> {
  const name = `t_migrator_${randomBytes(6).toString('hex')}`
  await o.sql.unsafe(`create role ${name} login password 'a-password' ${o.rights}`)
  onTestFinished(async () => {
    const url = new URL(o.url)
    url.pathname = '/postgres'
    await using sql = superClient(url.href)
    await sql.unsafe(`drop role ${name}`)
  })
  return name
}

function withLogin(url: string, name: string): string {
  const own = new URL(url)
  own.username = name
  own.password = 'a-password'
  return own.href
}

test('an empty database becomes one that keeps every rule; again changes nothing', async () => {
  const { database, sql } = await arrange({ empty: true })
  const lines: string[] = []
  const onProgress = (line: string) => lines.push(line)
  await migrateDatabase({ url: database.url, passwords, onProgress })
  expect(lines.splice(0)).toEqual([
    'database: 0001-tables.sql',
    'database: 0002-keys.sql',
    'database: 0003-phone-checks.sql',
    'database: 0004-operator.sql',
    'database: 0005-dialing.sql',
    'database: 0006-media.sql',
    'database: 0007-cheaper-calls.sql',
    'database: 0008-who-was-rung.sql',
    'database: 0009-any-status.sql',
    'database: 0010-old-tokens.sql',
    'database: 0011-the-tenant.sql',
    'database: access.sql',
    'database: finder.sql',
    'database: batch.sql',
    'database: reader.sql',
  ])
  expect(await catalogueProblems(sql)).toEqual([])
  await migrateDatabase({ url: database.url, passwords, onProgress })
  expect(lines).toEqual([])
  const gateway = await connectDatabase({
    url: database.serviceUrl('gateway'),
    applicationName: 'test',
  })
  onTestFinished(() => gateway.close())
  expect(await gateway.finder.isEmpty()).toBe(true)
  const temporary = gateway.withTenant(idOf('ten', 1), (tx) =>
    tx.execute(statement`create temporary table mine (id int)`),
  )
  await expect(temporary).rejects.toMatchObject({ code: 'permission' })
})

test('two starts at once, on one database and on two, both succeed', async () => {
  const [one, two] = [await arrange({ empty: true }), await arrange({ empty: true })]
  const urls = [one, one, two, two].map(({ database }) => database.url)
  await Promise.all(urls.map((url) => migrateDatabase({ url, passwords })))
  expect(await catalogueProblems(one.sql)).toEqual([])
  expect(await catalogueProblems(two.sql)).toEqual([])
})

test('a database that is ahead is refused, by name, and left alone', async () => {
  const { database, sql } = await arrange({ empty: false })
  await sql`insert into schema_scripts values ('9999-later.sql', 'migration', 'x')`
  await expect(migrateDatabase({ url: database.url, passwords })).rejects.toMatchObject({
    code: 'migration',
    message: 'The database is ahead of this version: it has migration 9999-later.sql',
  })
})

test('a migration that is not the one that ran is refused', async () => {
  const { database, sql } = await arrange({ empty: false })
  await sql`update schema_scripts set checksum = 'x' where kind = 'migration'`
  await expect(migrateDatabase({ url: database.url, passwords })).rejects.toMatchObject({
    code: 'migration',
    message: 'Migration 0001-tables.sql is not the one that the database ran',
  })
})

test('grants and fences that somebody changed come back when their file changes', async () => {
  const { database, sql } = await arrange({ empty: false })
  await sql`grant select on phone_credentials to callwire_copilot`
  await sql`create policy more on calls using (true)`
  await sql`drop policy more on calls`
  await sql`drop policy tenant on calls`
  await sql`update schema_scripts set checksum = 'older' where name = 'access.sql'`
  await migrateDatabase({ url: database.url, passwords })
  expect(await catalogueProblems(sql)).toEqual([])
})

test('a migration that fails half-way leaves nothing behind', async () => {
  const { database, sql } = await arrange({ empty: true })
  await sql`create schema app`
  await sql`create table app.calls (id int)`
  await expect(migrateDatabase({ url: database.url, passwords })).rejects.toMatchObject({
    name: 'DbError',
  })
  const tables = await sql`select relname from pg_class where relnamespace = 'app'::regnamespace`
  expect(tables.map((row) => String(row['relname']))).toEqual(['calls'])
})

test.each([
  ['', 'its login lacks CREATEROLE'],
  ['createrole', 'its login does not own the database'],
])('a migrator with only %j is told what is missing', async (rights, missing) => {
  const { database, sql } = await arrange({ empty: true })
  const name = await makeLogin({ sql, url: database.url, rights })
  const attempt = migrateDatabase({ url: withLogin(database.url, name), passwords })
  await expect(attempt).rejects.toMatchObject({
    code: 'migration',
    message: `DATABASE_URL cannot migrate: ${missing}`,
  })
})

test('a password that cannot be set is refused without being told', async () => {
  const { database } = await arrange({ empty: false })
  const secret = 'has a space and hunter2'
  const attempt = migrateDatabase({
    url: database.url,
    passwords: { ...passwords, gateway: secret },
  })
  const error: unknown = await attempt.catch((fault: unknown) => fault)
  expect(error).toMatchObject({ code: 'migration' })
  expect(String(error)).not.toContain('hunter2')
})
