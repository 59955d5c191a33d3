import { randomBytes } from 'node:crypto'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { createSealedDataKey, createStreamKey } from '@callwire/crypto'
import type { Clock } from '@callwire/runtime'
import type { Connection } from '../client.ts'
import { DbError } from '../db-error.ts'
import { BACKUP_ROLE } from '../service-name.ts'
import { BackupError } from './backup-error.ts'
import { sealBlocks } from './blocks.ts'
import { columnList, quoted, readTables, tableNames, unreadableTables } from './catalogue.ts'
import { copyOut } from './copy.ts'
import { dataKeyContext, STREAM_ID } from './data-key.ts'
import { encodeHeader, hashOf, type BackupHeader } from './header.ts'
import { compareChecks, sealingKey, type KeyCheck } from './key-records.ts'
import { createRecordWriter, type BackupTable } from './records.ts'
import { inSession, interrupted } from './session.ts'

export type BackupProgress = {
  readonly table: string
  /** Of all tables so far; bytes as they come from the database. */
  readonly rows: number
  readonly bytes: number
}

export type BackupSummary = {
  readonly header: BackupHeader
  readonly tables: number
  readonly rows: number
}

/**
 * Copies every table of one moment into a sealed file; reads and never writes. Memory does not grow
 * with the database.
 *
 * Throws BackupError (`not_ready`, `key_missing`, `key_mismatch`, `interrupted`) and DbError.
 */
export async function backupDatabase(o: {
  /** A login that is the backup's role or may become it. */
  url: string
  /** Text of the ring (`BACKUP_SEAL_KEYS`). */
  sealKeys: string
  /** Of other rings of the same keys, where they are at hand. */
  checks?: readonly KeyCheck[]
  clock: Clock
  /** Takes the file's bytes; a rejection ends the backup. */
  write: (content: AsyncIterable<Buffer>) => Promise<void>
  onProgress?: (progress: BackupProgress) => void
  signal: AbortSignal
}): Promise<BackupSummary> {
  const session = { url: o.url, applicationName: 'callwire-backup', signal: o.signal }
  return inSession({ ...session, begin: 'begin read only' }, async (sql) => {
    await requireBackupRole(sql)
    const tables = await snapshotOfTables(sql)
    await compareChecks(sql, o.checks ?? [])
    const { ring, kid } = await sealingKey(sql, o.sealKeys)
    const id = randomBytes(16).toString('hex')
    const salt = randomBytes(16)
    const { dataKey, sealed } = createSealedDataKey(ring, dataKeyContext(id))
    const header: BackupHeader = {
      id,
      createdAt: new Date(o.clock.now()).toISOString(),
      kid,
      migrations: await migrationsOf(sql),
      dataKey: sealed,
      salt: salt.toString('base64url'),
    }
    const head = encodeHeader(header)
    const key = createStreamKey(dataKey, { streamId: STREAM_ID, salt })
    const writer = createRecordWriter()
    const content = async function* (source: AsyncIterable<Buffer>) {
      yield head
      yield* sealBlocks({ key, headerHash: hashOf(head) }, source)
    }
    try {
      await pipeline(
        copyTables(sql, { tables, writer, onProgress: o.onProgress ?? (() => undefined) }),
        createGzip(),
        content,
        o.write,
        { signal: o.signal },
      )
    } catch (error) {
      throw o.signal.aborted ? interrupted() : error
    }
    return { header, tables: tables.length, rows: writer.rowCount() }
  })
}

async function requireBackupRole(sql: Connection): Promise<void> {
  const { rows } = await sql.query<{ there: boolean; allowed: boolean; tables: boolean }>(
    `select r.oid is not null as there, coalesce(pg_has_role(session_user, r.oid, 'member'), false) as allowed,
      to_regclass('app.key_checks') is not null as tables
    from (select) as one left join pg_roles r on r.rolname = $1`,
    [BACKUP_ROLE],
  )
  const [found] = rows
  if (found?.there !== true || !found.tables) {
    throw new BackupError(
      'not_ready',
      'The database is not at this version yet: start the system once, which migrates it.',
    )
  }
  if (!found.allowed) {
    throw new BackupError(
      'not_ready',
      `The login may not act as ${BACKUP_ROLE}: use that login itself, or the one that DATABASE_URL has at the start.`,
    )
  }
}

/**
 * Begins the transaction that sees all tables as they are at one moment; rows may change freely
 * meanwhile. The lock keeps migrations away. It comes before the first look, which is the moment: a
 * table that is rewritten after that looks empty.
 */
async function snapshotOfTables(sql: Connection): Promise<BackupTable[]> {
  const names = await tableNames(sql)
  const list = names.map((name) => `app.${quoted(name)}`).join(', ')
  try {
    await sql.query(`
      rollback;
      begin isolation level repeatable read read only;
      set local role ${BACKUP_ROLE};
      lock table ${list} in access share mode`)
  } catch (error) {
    const { code } = error as { code?: unknown }
    if (code === '42501') throw unreadable(names)
    throw code === '55P03' || code === '42P01' ? migrating() : error
  }
  if ((await tableNames(sql)).join() !== names.join()) throw migrating()
  const tables = await readTables(sql)
  const problems = await unreadableTables(sql)
  if (problems.length > 0) throw unreadable(problems)
  return tables
}

function unreadable(names: readonly string[]): BackupError {
  return new BackupError(
    'not_ready',
    `The backup's role may not read everything (${names.join(', ')}): start the system once, which sets its rights.`,
  )
}

function migrating(): BackupError {
  return new BackupError('not_ready', 'The database is being migrated: try again after that.')
}

async function migrationsOf(sql: Connection): Promise<BackupHeader['migrations']> {
  const { rows } = await sql.query<{ name: string; checksum: string }>(
    `select name, checksum from app.schema_scripts where kind = 'migration' order by name`,
  )
  return rows
}

async function* copyTables(
  sql: Connection,
  o: {
    tables: readonly BackupTable[]
    writer: ReturnType<typeof createRecordWriter>
    onProgress: (progress: BackupProgress) => void
  },
): AsyncGenerator<Buffer> {
  let bytes = 0
  for (const table of o.tables) {
    yield o.writer.table(table)
    const before = o.writer.rowCount()
    // A query, not the table: COPY of a table leaves out its partitions.
    const from = `app.${quoted(table.name)}`
    const copy = copyOut(sql, `copy (select ${columnList(table)} from ${from}) to stdout`)
    for await (const chunk of copy.chunks) {
      bytes += chunk.length
      yield* o.writer.rows(chunk)
      o.onProgress({ table: table.name, rows: o.writer.rowCount(), bytes })
    }
    if ((await copy.rowCount()) !== o.writer.rowCount() - before) {
      throw new DbError({ code: 'internal' })
    }
    yield o.writer.end()
    o.onProgress({ table: table.name, rows: o.writer.rowCount(), bytes })
  }
  yield o.writer.done()
}
