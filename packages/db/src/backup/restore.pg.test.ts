import { testDatabase, type TestDatabase } from '@callwire/testkit'
import type postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { migrateDatabase } from '../index.ts'
import { readMigrations } from '../migrate/script.ts'
import { catalogueProblems } from '../testing/catalogue/index.ts'
import { fillTenant, idOf } from '../testing/fill-tenant.ts'
import { rolledBack, superClient } from '../testing/super-client.ts'
import { backedUp, type BackedUp } from './testing/backed-up.ts'
import { backupOf, contentOf, newKeys, restoreInto, type Keys } from './testing/backup-of.ts'
import { restoreRefused } from './testing/restore-refused.ts'

const keys = newKeys('k1', 'k2')
let from: TestDatabase
let sql: postgres.Sql
let file: Buffer
let world: BackedUp

beforeAll(async () => {
  world = await backedUp(keys)
  ;({ from, sql, file } = world)
})
afterAll(() => world[Symbol.asyncDispose]())

const newTarget = () => testDatabase({ empty: true })

describe('a restored database', () => {
  test('holds every row as it was, in an empty database, with all fences', async () => {
    await using to = await newTarget()
    const summary = await restoreInto(to.url, file, keys)
    await using restored = superClient(to.url)
    expect(await contentOf(restored)).toEqual(await contentOf(sql))
    expect(await catalogueProblems(restored)).toEqual([])
    expect(summary).toMatchObject({
      tables: Object.keys(await contentOf(sql)).length,
      migrated: [],
    })
    expect(summary.keys).toEqual([
      { kid: 'k1', place: 'calls.metadata_sealed', rows: 1 },
      { kid: 'k2', place: 'calls.person_sealed', rows: 1 },
    ])
    expect(summary.queuedCalls).toBe(2)
  })

  test('takes the place of a default tenant that nobody used', async () => {
    await using to = await testDatabase()
    await using restored = superClient(to.url)
    await unusedDefault(restored)
    await restoreInto(to.url, file, keys)
    expect(await contentOf(restored)).toEqual(await contentOf(sql))
    expect(await catalogueProblems(restored)).toEqual([])
  })

  test('has its dialing paused when asked', async () => {
    await using to = await newTarget()
    await restoreInto(to.url, file, keys, { pauseDialing: true })
    await using restored = superClient(to.url)
    const rows = await restored`select dialing_paused as paused from tenants`
    expect(rows.map((row) => row['paused'] as boolean)).toEqual([true, true])
  })

  test('leaves the passwords of logins as they are', async () => {
    const passwords = () => sql`select rolname, rolpassword from pg_authid
      where rolname like 'callwire_%' order by 1`
    const before = await passwords()
    await using to = await newTarget()
    await restoreInto(to.url, file, keys)
    expect(await passwords()).toEqual(before)
  })

  test('of an older schema is brought to this one, into a newer target too', async () => {
    const known = await readMigrations()
    const next = {
      name: '9000-next.sql',
      checksum: 'a'.repeat(64),
      text: `alter table agents add column more text not null default 'new'`,
    }
    for (const empty of [true, false]) {
      await using to = await testDatabase({ empty })
      const { migrated } = await restoreInto(to.url, file, keys, { migrations: [...known, next] })
      expect(migrated).toEqual([next.name])
      await using restored = superClient(to.url)
      const [agent] = await restored`select more, name from agents where name like 'tab%'`
      expect(agent?.['more']).toBe('new')
      expect(await catalogueProblems(restored)).toEqual([])
    }
  })
})

async function unusedDefault(target: postgres.Sql) {
  const tenant = idOf('ten', 9)
  await target.unsafe(`
    insert into tenants (tenant_id, name, is_default) values ('${tenant}', 'Default', true);
    insert into users (tenant_id, id, email, password_hash, role)
      values ('${tenant}', '${idOf('usr', 9)}', 'first@example.com', '$scrypt$x', 'owner');
    insert into audit_log (tenant_id, id, actor_kind, actor_id, action)
      values ('${tenant}', '${idOf('aud', 9)}', 'operator', 'o', 'tenant.created');
    insert into key_state (kid, is_primary) values ('k1', true);
  `)
}

describe('a database in use is refused, and stays as it is', () => {
  test.each([
    ['somebody signed in', `update users set last_login_at = now()`],
    ['a tenant more', `insert into tenants (tenant_id, name) values ('${idOf('ten', 8)}', 'b')`],
    [
      'an agent',
      `insert into agents (tenant_id, id, name, kind)
        values ('${idOf('ten', 9)}', '${idOf('agt', 9)}', 'a', 'stream')`,
    ],
    ['no default tenant', `update tenants set is_default = false`],
  ])('%s', async (_name, change) => {
    await using to = await testDatabase()
    await using target = superClient(to.url)
    await unusedDefault(target)
    await target.unsafe(change)
    const before = await contentOf(target)
    await expect(restoreInto(to.url, file, keys)).rejects.toMatchObject({ code: 'not_empty' })
    expect(await contentOf(target)).toEqual(before)
    expect(await catalogueProblems(target)).toEqual([])
  })

  test('without waiting for those who use it', async () => {
    await using to = await testDatabase()
    await using target = superClient(to.url)
    await fillTenant(target, 1)
    await target.begin(async (tx) => {
      await tx`select from calls for update`
      const outcome = restoreInto(to.url, file, keys)
      await expect(outcome).rejects.toMatchObject({ code: 'not_empty' })
    })
  })

  test('a schema of that name that is not ours', async () => {
    await using to = await newTarget()
    await using target = superClient(to.url)
    await target.unsafe('create schema app; create table app.theirs (id int)')
    await expect(restoreInto(to.url, file, keys)).rejects.toMatchObject({ code: 'not_empty' })
    expect(await target`select from app.theirs`).toHaveLength(0)
  })
})

const refused = (bytes: Buffer, o = {}, given: Pick<Keys, 'ring'> = keys) =>
  restoreRefused(bytes, given, o)

describe('what is refused says what to do, and leaves no trace', () => {
  test('a key that the file needs', async () => {
    const result = await refused(file, {}, newKeys('k3'))
    expect(result).toMatchObject({ code: 'key_missing', traces: 0 })
    expect(result.message).toContain('sealed under key k1')
    expect(result.message).toContain('ENCRYPTION_KEYS')
  })

  test('another key under the same id', async () => {
    expect(await refused(file, {}, newKeys('k1'))).toMatchObject({ code: 'damaged', traces: 0 })
  })

  test('a key that rows name, with the count', async () => {
    const one = newKeys('k1')
    const { file: other } = await backupOf(from.serviceUrl('backup'), one)
    const result = await refused(other, {}, one)
    expect(result).toMatchObject({ code: 'key_missing', traces: 0 })
    expect(result.message).toContain('1 sealed value names key k2 (1 of calls.person_sealed)')
  })

  test('another master key than the rows were sealed with', async () => {
    await sql`insert into key_checks (ring, kid, check_value)
      values ('CONTENT_KEYS', 'k1', '0123456789abcdef') on conflict do nothing`
    const { file: marked } = await backupOf(from.serviceUrl('backup'), keys)
    const checks = [{ ring: 'CONTENT_KEYS', kid: 'k1', check: 'fedcba9876543210' }]
    expect(await refused(marked, { checks })).toMatchObject({ code: 'key_mismatch', traces: 0 })
  })

  test('a newer version, and one of another line of history', async () => {
    const migrations = await readMigrations()
    const older = await refused(file, { migrations: migrations.slice(0, -1) })
    expect(older).toMatchObject({ code: 'newer', traces: 0 })
    expect(older.message).toContain(migrations.at(-1)?.name)
    const [first, ...rest] = migrations
    if (first === undefined) throw new Error('no migrations')
    const other = [{ ...first, checksum: 'b'.repeat(64) }, ...rest]
    expect(await refused(file, { migrations: other })).toMatchObject({ code: 'newer', traces: 0 })
  })

  test('rows that did not arrive as they were', async () => {
    await using other = await testDatabase()
    await using source = superClient(other.url)
    await fillTenant(source, 1)
    const script = {
      name: '9000-trigger.sql',
      checksum: 'a'.repeat(64),
      text: `create function app.other_name() returns trigger language plpgsql
          as 'begin new.name := upper(new.name); return new; end';
        create trigger other_name before insert on agents
          for each row execute function app.other_name()`,
    }
    const { name, checksum } = script
    await source`insert into schema_scripts ${source({ name, checksum, kind: 'migration' })}`
    const { file: lower } = await backupOf(other.url, keys)
    const migrations = [...(await readMigrations()), script]
    const result = await refused(lower, { migrations })
    expect(result).toMatchObject({ code: 'not_ready', traces: 0 })
    expect(result.message).toContain('agents')
  })

  test.each([
    ['the audit log', 'alter table audit_log disable trigger audit_log_append_only'],
    ['a key', 'alter table agents add constraint more check (true) not valid'],
  ])('a migration that tears down %s', async (_name, text) => {
    const next = { name: '9000-next.sql', checksum: 'a'.repeat(64), text }
    const migrations = [...(await readMigrations()), next]
    const result = await refused(file, { migrations })
    expect(result).toMatchObject({ code: 'not_ready', traces: 0 })
    expect(result.message).toContain('fence')
  })

  test('an interruption', async () => {
    const stop = new AbortController()
    const o = {
      signal: stop.signal,
      onProgress: ({ phase }: { phase: string }) => {
        if (phase === 'comparing') stop.abort()
      },
    }
    expect(await refused(file, o)).toMatchObject({ code: 'interrupted', traces: 0 })
  })
})

test('an empty database that was migrated before is as good as one that was not', async () => {
  await using to = await newTarget()
  const passwords = {
    gateway: '',
    ingest: '',
    dialer: '',
    transcriber: '',
    copilot: '',
    courier: '',
  }
  const names = Object.keys(passwords).map((name) => [name, `test-${name}`])
  await migrateDatabase({
    url: to.url,
    passwords: Object.fromEntries(names) as typeof passwords,
  })
  await restoreInto(to.url, file, keys)
  await using restored = superClient(to.url)
  await rolledBack(restored, async (tx) => {
    await expect(tx`delete from audit_log`).rejects.toMatchObject({ code: '42501' })
  })
})
