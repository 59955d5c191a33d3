import { openClient, type Client } from '../client.ts'
import { DbError, toDbError } from '../db-error.ts'
import { rowsOf } from '../query.ts'
import { FINDER_ROLE, OWNER_ROLE, type ServiceName } from '../service-name.ts'
import { planMigrations, planRebuilt, type Applied } from './plan.ts'
import { ensureRoles, requireMigrator, setPasswords } from './roles.ts'
import { readMigrations, readRebuilt, type Script } from './script.ts'

/** Migrations may rewrite tables: longer than anything a service does, and still an end. */
const MIGRATION_TIMEOUT_MS = 600_000
const CLOSE_GRACE_S = 5
/** Any constant: two migrators of one database take turns on it. */
const MIGRATION_LOCK = 7_201_943

/**
 * Brings a database to the state this code expects: roles, schema, fences, grants, finder, and the
 * services' passwords. Doing it again changes nothing but the passwords.
 *
 * Schema changes are one transaction: all of them happened or none. Throws DbError `migration`
 * when the login lacks a right (named), when the database is ahead of this code, or when a
 * migration was edited after it ran.
 */
export async function migrateDatabase(o: {
  /** The migrator's login: owns the database and has CREATEROLE, or is a superuser. */
  url: string
  passwords: Readonly<Record<ServiceName, string>>
  onProgress?: (line: string) => void
}): Promise<void> {
  const scripts = await readMigrations()
  const rebuilt = await readRebuilt()
  const client = openClient({
    url: o.url,
    applicationName: 'callwire-migrate',
    maxConnections: 1,
    statementTimeoutMs: MIGRATION_TIMEOUT_MS,
  })
  try {
    await requireMigrator(client)
    await ensureRoles(client)
    await client.begin(async (sql) => {
      await migrate(sql as unknown as Client, scripts, rebuilt, o.onProgress ?? (() => undefined))
    })
    await setPasswords(client, o.passwords)
  } catch (error) {
    throw toDbError(error)
  } finally {
    await client.end({ timeout: CLOSE_GRACE_S })
  }
}

async function migrate(
  sql: Client,
  scripts: readonly Script[],
  rebuilt: readonly Script[],
  progress: (line: string) => void,
): Promise<void> {
  await sql`set local lock_timeout = ${sql.unsafe(String(MIGRATION_TIMEOUT_MS))}`
  await sql`select pg_advisory_xact_lock(${MIGRATION_LOCK})`
  await sql.unsafe(`
    create schema if not exists app authorization ${OWNER_ROLE};
    create schema if not exists finder authorization ${FINDER_ROLE};
    do $$ begin
      execute format('revoke create, temporary on database %I from public', current_database());
    end $$;
    set local role ${OWNER_ROLE};
    set local search_path = app;
    create table if not exists schema_scripts (
      name text primary key,
      kind text not null check (kind in ('migration', 'rebuilt')),
      checksum text not null,
      applied_at timestamptz(3) not null default now()
    );
  `)
  const plan = planMigrations(scripts, await appliedOf(sql, 'migration'))
  if (plan.kind === 'ahead') {
    throw new DbError({
      code: 'migration',
      message: `The database is ahead of this version: it has migration ${plan.name}`,
    })
  }
  if (plan.kind === 'changed') {
    throw new DbError({
      code: 'migration',
      message: `Migration ${plan.name} is not the one that the database ran`,
    })
  }
  for (const script of plan.scripts) await runScript(sql, script, 'migration', progress)
  const stale = planRebuilt(rebuilt, await appliedOf(sql, 'rebuilt'), plan.scripts.length > 0)
  for (const script of stale) await runScript(sql, script, 'rebuilt', progress)
}

function appliedOf(sql: Client, kind: 'migration' | 'rebuilt'): Promise<Applied[]> {
  return rowsOf(sql`select name, checksum from schema_scripts where kind = ${kind} order by name`)
}

async function runScript(
  sql: Client,
  script: Script,
  kind: 'migration' | 'rebuilt',
  progress: (line: string) => void,
): Promise<void> {
  await sql.unsafe(`set local role ${OWNER_ROLE}; set local search_path = app;`)
  await sql.unsafe(script.text).simple()
  await sql.unsafe(`set local role ${OWNER_ROLE}; set local search_path = app;`)
  await sql`
    insert into schema_scripts (name, kind, checksum)
    values (${script.name}, ${kind}, ${script.checksum})
    on conflict (name) do update set checksum = excluded.checksum, applied_at = now()
  `
  progress(`database: ${script.name}`)
}
