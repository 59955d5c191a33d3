import type { Client, Connection } from '../client.ts'
import { BATCH_ROLE, FINDER_ROLE, OWNER_ROLE, READER_ROLE } from '../service-name.ts'
import { BackupError } from './backup-error.ts'
import { quoted, tableNames } from './catalogue.ts'

/** What the start of an unused installation writes. Tables without a tenant hold none of its data. */
const WRITTEN_AT_START = ['tenants', 'users', 'audit_log']

/**
 * Whether there is a Callwire schema. Throws BackupError `not_empty` when somebody uses it; asks the
 * finder, and holds no lock, so that a wrong URL disturbs nobody.
 */
export async function hasUnusedSchema(client: Client): Promise<boolean> {
  const [there] = await client.rows<{ schema: boolean; finder: boolean }>(
    `select to_regnamespace('app') is not null as schema,
      to_regprocedure('finder.unused_default()') is not null as finder`,
  )
  if (there?.schema !== true) return false
  if (!there.finder) throw notEmpty()
  return client.withConnection(async (sql) => {
    await sql.query(`begin read only; set local role ${OWNER_ROLE}`)
    try {
      const { rows } = await sql.query<{ unused: boolean }>(
        `select finder.is_empty() or exists (select from finder.unused_default()) as unused`,
      )
      if (rows[0]?.unused !== true) throw notEmpty()
      return true
    } finally {
      await sql.query('rollback')
    }
  })
}

/**
 * Takes the unused schema away, in the transaction that brings another. Looks again, now that nobody
 * can write: throws BackupError `not_empty` when a row is there that a start does not write.
 */
export async function removeUnusedSchema(sql: Connection): Promise<void> {
  await sql.query(`set local role ${OWNER_ROLE}`)
  const tables = await tableNames(sql)
  const list = tables.map((name) => `app.${quoted(name)}`).join(', ')
  if (tables.length > 0) await sql.query(`lock table ${list} in access exclusive mode`)
  for (const table of tables) {
    await sql.query(`alter table app.${quoted(table)} no force row level security`)
  }
  const { rows } = await sql.query<{ unused: boolean }>(
    `select (select count(*) from app.tenants) <= 1 and (finder.is_empty()
      or exists (select from finder.unused_default())) as unused`,
  )
  if (rows[0]?.unused !== true) throw notEmpty()
  const { rows: fenced } = await sql.query<{ name: string }>(
    `select c.relname as name from pg_class c join pg_attribute a on a.attrelid = c.oid
    where c.relnamespace = 'app'::regnamespace and a.attname = 'tenant_id' and c.relkind = 'r'
      and c.relname <> all ($1)`,
    [WRITTEN_AT_START],
  )
  for (const { name } of fenced) {
    const { rowCount } = await sql.query(`select from app.${quoted(name)} limit 1`)
    if (rowCount !== 0) throw notEmpty()
  }
  await sql.query(`
    set local role ${FINDER_ROLE};
    drop schema if exists finder cascade;
    set local role ${OWNER_ROLE};
    drop schema app cascade;
    set local role ${BATCH_ROLE};
    drop schema if exists batch cascade;
    set local role ${READER_ROLE};
    drop schema if exists reader cascade;
    set local role none;
  `)
}

function notEmpty(): BackupError {
  return new BackupError(
    'not_empty',
    'The database holds data, and a restore would replace it: give an empty database, or one in which nobody has signed in yet.',
  )
}
