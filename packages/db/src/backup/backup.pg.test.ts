import { eventually, testDatabase, type TestDatabase } from '@callwire/testkit'
import type postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fillTenant, idOf } from '../testing/fill-tenant.ts'
import { superClient } from '../testing/super-client.ts'
import { tableNames } from './catalogue.ts'
import { inSession } from './session.ts'
import { backupOf, contentOf, newKeys, restoreInto } from './testing/backup-of.ts'

const keys = newKeys('k1', 'k2')
let database: TestDatabase
let sql: postgres.Sql & AsyncDisposable

beforeAll(async () => {
  database = await testDatabase()
  sql = superClient(database.url)
  await fillTenant(sql, 1)
  await fillTenant(sql, 2)
})
afterAll(async () => {
  await sql[Symbol.asyncDispose]()
  await database.drop()
})

/** The SQLSTATEs by which the backup's own login is refused statements. */
async function refusals(statements: readonly string[], begin = 'begin read write') {
  const { signal } = new AbortController()
  const session = { url: database.serviceUrl('backup'), applicationName: 'test', begin, signal }
  return inSession(session, async (mine) => {
    const codes: unknown[] = []
    for (const statement of statements) {
      await mine.query('savepoint before')
      const outcome = mine.query(statement).then(
        () => 'allowed',
        (error: unknown) => (error as { code?: string }).code,
      )
      codes.push(await outcome)
      await mine.query('rollback to savepoint before')
    }
    return codes
  })
}

describe('the backup login', () => {
  test('reads every row of every tenant', async () => {
    const { signal } = new AbortController()
    const url = database.serviceUrl('backup')
    await inSession({ url, applicationName: 'test', begin: 'begin', signal }, async (mine) => {
      for (const table of await tableNames(mine)) {
        const { rows } = await mine.query(`select count(*)::int as count from app.${table}`)
        const [all] = await sql`select count(*)::int as count from ${sql(table)}`
        expect([table, rows[0]]).toEqual([table, all])
      }
    })
  })

  test('writes nothing, also when it asks for a transaction that may', async () => {
    const tables = await sql<{ name: string; column: string }[]>`
      select c.relname as name, min(a.attname) as column
      from pg_class c join pg_attribute a on a.attrelid = c.oid
      where c.relnamespace = 'app'::regnamespace and c.relkind = 'r' and a.attnum > 0
        and a.attgenerated = '' group by 1`
    expect(tables.length).toBeGreaterThan(20)
    const statements = tables.flatMap(({ name, column }) => [
      `insert into app.${name} default values`,
      `update app.${name} set ${column} = ${column}`,
      `delete from app.${name}`,
      `truncate app.${name}`,
      `lock table app.${name} in row exclusive mode`,
    ])
    expect(await refusals(statements)).toEqual(statements.map(() => '42501'))
  })

  test.each([
    ['create table app.mine (id int)', '42501'],
    ['create table public.mine (id int)', '42501'],
    ['create schema mine', '42501'],
    ['create role mine', '42501'],
    ['set role callwire_owner', '42501'],
    ['set role callwire_dialer', '42501'],
    ['alter role callwire_backup bypassrls', '42501'],
    ['alter table app.calls disable row level security', '42501'],
    [`select finder.due_calls(1)`, '42501'],
    [`copy app.calls from '/dev/null'`, '42501'],
  ])('is refused: %s', async (statement, code) => {
    expect(await refusals([statement])).toEqual([code])
  })

  test('is read-only before any grant is looked at', async () => {
    expect(await refusals(['create table public.mine (id int)'], 'begin')).toEqual(['25006'])
  })

  test('has no right past policies', async () => {
    const [role] = await sql`select rolsuper, rolbypassrls, rolcreaterole, rolcreatedb
      from pg_roles where rolname = 'callwire_backup'`
    expect(Object.values(role ?? {})).toEqual([false, false, false, false])
  })
})

describe('a backup', () => {
  test.each(['the migrator', 'the backup login'])('is the same by %s', async (who) => {
    const url = who === 'the migrator' ? database.url : database.serviceUrl('backup')
    const { file, summary } = await backupOf(url, keys)
    await using to = await testDatabase({ empty: true })
    await restoreInto(to.url, file, keys)
    await using restored = superClient(to.url)
    const content = await contentOf(sql)
    expect(await contentOf(restored)).toEqual(content)
    expect(summary.tables).toBe(Object.keys(content).length)
  })

  test('needs no sequences', async () => {
    expect(await sql`select from pg_sequences where schemaname = 'app'`).toHaveLength(0)
  })

  test('is one moment, whatever is written meanwhile', async () => {
    await using busy = await testDatabase()
    await using writer = superClient(busy.url)
    await fillTenant(writer, 1)
    // More than lies between the server and a slow reader; calls come after it.
    await writer`insert into audit_log (tenant_id, id, actor_kind, actor_id, action, details)
      select ${idOf('ten', 1)}, 'aud_' || lpad((n + 1000)::text, 24, '0'), 'service', 's', 'a',
        jsonb_build_object('x', (select string_agg(md5(n::text || m), '') from generate_series(1, 250) m))
      from generate_series(1, 1000) n`
    const before = await contentOf(writer)
    const parts: Buffer[] = []
    await backupOf(busy.serviceUrl('backup'), keys, {
      write: async (content) => {
        for await (const chunk of content) {
          if (parts.push(chunk) !== 1) continue
          await fillTenant(writer, 2)
          await writer`update call_heads set seq = 7 where tenant_id = ${idOf('ten', 1)}`
          await writer`delete from call_secrets where tenant_id = ${idOf('ten', 1)}`
        }
      },
    })
    await using to = await testDatabase({ empty: true })
    await restoreInto(to.url, Buffer.concat(parts), keys)
    await using restored = superClient(to.url)
    expect((await contentOf(restored))['call_secrets']).toEqual(before['call_secrets'])
    expect(await contentOf(restored)).toEqual(before)
    expect(await contentOf(writer)).not.toEqual(before)

    const stop = new AbortController()
    const write = async (content: AsyncIterable<Buffer>) => {
      let bytes = 0
      for await (const chunk of content) if ((bytes += chunk.length) > 200_000) stop.abort()
    }
    const half = backupOf(busy.url, keys, { write, signal: stop.signal })
    await expect(half).rejects.toMatchObject({ code: 'interrupted' })
  })

  test('waits for a migration, and holds what that one left', async () => {
    await using migrating = await testDatabase()
    await using owner = superClient(migrating.url)
    await fillTenant(owner, 1)
    let waiting: ReturnType<typeof backupOf> | undefined
    await owner.begin(async (tx) => {
      // The rows are written anew, and whoever looked before would find none.
      await tx`alter table agents alter column name type text using name || ' anew'`
      waiting = backupOf(migrating.serviceUrl('backup'), keys)
      await eventually(async () => {
        const locks = await tx`select from pg_locks where not granted
          and relation = 'app.agents'::regclass`
        return locks.length > 0
      })
    })
    await using to = await testDatabase({ empty: true })
    await restoreInto(to.url, (await waiting)?.file ?? Buffer.alloc(0), keys)
    await using restored = superClient(to.url)
    const [agent] = await restored`select name from agents`
    expect(agent?.['name']).toBe('a anew')
  })

  test('that nobody takes ends when it is told to', async () => {
    const stop = new AbortController()
    const write = async (content: AsyncIterable<Buffer>) => {
      for await (const chunk of content) if (chunk.length > 0) stop.abort()
    }
    const backup = backupOf(database.url, keys, { write, signal: stop.signal })
    await expect(backup).rejects.toMatchObject({ code: 'interrupted' })
    await expect(
      backupOf(database.url, keys, { signal: AbortSignal.abort() }),
    ).rejects.toMatchObject({ code: 'interrupted' })
  })

  test('fails with what its writer failed with', async () => {
    const write = () => Promise.reject(new Error('no space'))
    await expect(backupOf(database.url, keys, { write })).rejects.toThrow('no space')
  })

  test('is refused where a fence would show it nothing', async () => {
    await using broken = await testDatabase()
    await using owner = superClient(broken.url)
    const refused = { code: 'not_ready', message: expect.stringContaining('calls') as string }
    await owner`drop policy backup on calls`
    await expect(backupOf(broken.url, keys)).rejects.toMatchObject(refused)
    await owner`create policy backup on calls for select to callwire_backup using (sid is null)`
    await expect(backupOf(broken.url, keys)).rejects.toMatchObject(refused)
    await owner`drop policy backup on calls`
    await owner`create policy backup on calls for select to callwire_backup using (true)`
    await owner`create policy less on calls as restrictive for select using (sid is null)`
    await expect(backupOf(broken.url, keys)).rejects.toMatchObject(refused)
    await owner`drop policy less on calls`
    await owner`revoke select on phones from callwire_backup`
    await expect(backupOf(broken.url, keys)).rejects.toMatchObject({
      code: 'not_ready',
      message: expect.stringContaining('phones') as string,
    })
  })

  test.each([
    ['a database without the schema', 'not_ready', { empty: true }],
    ['a login that may not', 'not_ready', {}],
  ])('of %s says what to do', async (name, code, o) => {
    await using other = await testDatabase(o)
    const url = name.includes('login') ? other.serviceUrl('gateway') : other.url
    await expect(backupOf(url, keys)).rejects.toMatchObject({ code })
  })
})

describe('the key of a backup', () => {
  const kidOf = async (url: string) => (await backupOf(url, keys)).summary.header.kid

  test('is the first, then the primary, and never a retired one', async () => {
    await using own = await testDatabase()
    await using owner = superClient(own.url)
    expect(await kidOf(own.url)).toBe('k1')
    await owner`insert into key_state (kid, is_primary) values ('k2', true), ('k1', false)`
    expect(await kidOf(own.url)).toBe('k2')
    await owner`update key_state set is_primary = false, retired_at = now() where kid = 'k2'`
    expect(await kidOf(own.url)).toBe('k1')
    await owner`update key_state set retired_at = now()`
    await expect(kidOf(own.url)).rejects.toMatchObject({ code: 'key_missing' })
  })

  test('is of this installation, as far as the database can tell', async () => {
    await using own = await testDatabase()
    await using owner = superClient(own.url)
    await owner`insert into key_checks values ('CONTENT_KEYS', 'k1', '0123456789abcdef')`
    const check = { ring: 'CONTENT_KEYS', kid: 'k1' }
    const withCheck = (value: string) =>
      backupOf(own.url, keys, { checks: [{ ...check, check: value }] })
    await expect(withCheck('0123456789abcdef')).resolves.toBeDefined()
    await expect(withCheck('fedcba9876543210')).rejects.toMatchObject({ code: 'key_mismatch' })
  })
})
