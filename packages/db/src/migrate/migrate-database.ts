import { openClient, type Connection } from '../client.ts'
import { DbError } from '../db-error.ts'
import {
  BATCH_ROLE,
  FINDER_ROLE,
  OWNER_ROLE,
  READER_ROLE,
  type ServiceName,
} from '../service-name.ts'
import { inTransaction } from '../transaction.ts'
import { planMigrations, planRebuilt, planUpTo, type Applied } from './plan.ts'
import { ensureRoles, requireMigrator, setPasswords } from './roles.ts'
import { readMigrations, readRebuilt, type Script } from './script.ts'

/** Migrations may rewrite tables: longer than anything a service does, and still an end. */
const MIGRATION_TIMEOUT_MS = 600_000
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
  /** Of the login `callwire_backup`, which is without one and so of no use until it is given. */
  backupPassword?: string
  /**
   * The names of the migrations to run and no later ones, without fences and grants: tables that
   * nobody but the owner can reach, in the state that a backup was taken in, to be filled and then
   * migrated as always.
   */
  upTo?: readonly string[]
  onProgress?: (line: string) => void
}): Promise<void> {
  const scripts = planUpTo(await readMigrations(), o.upTo)
  const rebuilt = o.upTo === undefined ? await readRebuilt() : []
  const client = openClient({
    url: o.url,
    applicationName: 'callwire-migrate',
    maxConnections: 1,
    statementTimeoutMs: MIGRATION_TIMEOUT_MS,
  })
  try {
    await requireMigrator(client)
    await ensureRoles(client)
    await client.withConnection((connection) =>
      inTransaction(connection, 'begin', () =>
        migrate(connection, scripts, rebuilt, o.onProgress ?? (() => undefined)),
      ),
    )
    await setPasswords(client, o.passwords, o.backupPassword)
  } finally {
    await client.close()
  }
}

/** Runs what is left of `scripts`, then of `rebuilt`, in the transaction that is open. */
export async function migrate(
  sql: Connection,
  scripts: readonly Script[],
  rebuilt: readonly Script[],
  progress: (line: string) => void,
): Promise<void> {
  await sql.query('select pg_advisory_xact_lock($1)', [MIGRATION_LOCK])
  await sql.query(`
    create schema if not exists app authorization ${OWNER_ROLE};
    create schema if not exists finder authorization ${FINDER_ROLE};
    create schema if not exists batch authorization ${BATCH_ROLE};
    create schema if not exists reader authorization ${READER_ROLE};
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

async function appliedOf(sql: Connection, kind: 'migration' | 'rebuilt'): Promise<Applied[]> {
  const text = 'select name, checksum from schema_scripts where kind = $1 order by name'
  const { rows } = await sql.query<Applied>(text, [kind])
  return rows
}

async function runScript(
  sql: Connection,
  script: Script,
  kind: 'migration' | 'rebuilt',
  progress: (line: string) => void,
): Promise<void> {
  const asOwner = `set local role ${OWNER_ROLE}; set local search_path = app`
  await sql.query(asOwner)
  await sql.query(script.text)
  await sql.query(asOwner)
  await sql.query(
    `insert into schema_scripts (name, kind, checksum) values ($1, $2, $3)
    on conflict (name) do update set checksum = excluded.checksum, applied_at = now()`,
    [script.name, kind, script.checksum],
  )
  progress(`database: ${script.name}`)
}
