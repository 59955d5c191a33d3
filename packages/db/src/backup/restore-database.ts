import { describeRing, type OpenRing } from '@callwire/crypto'
import { openClient, type Connection } from '../client.ts'
import { migrate } from '../migrate/migrate-database.ts'
import { ensureRoles, requireMigrator } from '../migrate/roles.ts'
import { readMigrations, readRebuilt, type Script } from '../migrate/script.ts'
import { BackupError, damaged } from './backup-error.ts'
import { fallenFences } from './catalogue.ts'
import type { KeyUse } from './count-key-ids.ts'
import type { BackupHeader } from './header.ts'
import { compareChecks, type KeyCheck } from './key-records.ts'
import { compareTables, loadTables } from './load-tables.ts'
import { checkBackup, readBackup, type BackupContent, type BackupSource } from './read-backup.ts'
import { inSession } from './session.ts'
import { hasUnusedSchema, removeUnusedSchema } from './target.ts'

export type RestoreProgress = {
  readonly phase: 'checking' | 'loading' | 'comparing'
  readonly table: string | null
  readonly rows: number
}

export type RestoreSummary = BackupContent & {
  /** Migrations that brought the rows from the backup's schema to this version's. */
  readonly migrated: readonly string[]
  /** Calls that a dialer will place once it runs, unless dialing is paused. */
  readonly queuedCalls: number
}

type RestoreOptions = {
  /** The migrator's login. */
  url: string
  source: BackupSource
  ring: OpenRing
  /** Of the other rings of the same keys, where they are at hand. */
  checks?: readonly KeyCheck[]
  /** Pauses dialing for every tenant: calls that waited when the backup was made may have been placed since. */
  pauseDialing?: boolean
  onProgress?: (progress: RestoreProgress) => void
  signal: AbortSignal
  /** The migrations of this version, as they are in its folder. */
  migrations?: readonly Script[]
}

/**
 * Fills an empty or unused database from a backup and brings it to this version; the passwords of
 * the logins stay those of the target. Reads the whole file before it touches anything, then does
 * everything in one transaction: whatever throws leaves the database as it was.
 *
 * Throws BackupError and DbError.
 */
export async function restoreDatabase(o: RestoreOptions): Promise<RestoreSummary> {
  const migrations = o.migrations ?? (await readMigrations())
  const content = await checkBackup({
    ...o,
    onProgress: ({ rows }) => o.onProgress?.({ phase: 'checking', table: null, rows }),
  })
  requireKnownMigrations(content.header, migrations)
  requireKeys(content.keys, o.ring)
  const occupied = await prepare(o.url)
  const own = migrations.slice(0, content.header.migrations.length)
  const session = { url: o.url, applicationName: 'callwire-restore', begin: 'begin' }
  return inSession({ ...session, signal: o.signal }, async (sql) => {
    if (occupied) await removeUnusedSchema(sql)
    // Without the fences, which are built last: they hold for the owner, too.
    await migrate(sql, own, [], () => undefined)
    await fill(sql, o, content)
    const queuedCalls = await readyForStart(sql, o.pauseDialing === true)
    await migrate(sql, migrations, await readRebuilt(), () => undefined)
    await compareChecks(sql, o.checks ?? [])
    const fallen = await fallenFences(sql)
    if (fallen.length > 0) {
      throw new BackupError(
        'not_ready',
        `Nothing was restored, because not every fence stood afterwards (${fallen.join(', ')}).`,
      )
    }
    const migrated = migrations.slice(own.length).map(({ name }) => name)
    return { ...content, migrated, queuedCalls }
  })
}

/** Roles belong to the server and not to the database: they are made outside the transaction. */
async function prepare(url: string): Promise<boolean> {
  const client = openClient({ url, applicationName: 'callwire-restore', maxConnections: 1 })
  try {
    await requireMigrator(client)
    const occupied = await hasUnusedSchema(client)
    await ensureRoles(client)
    return occupied
  } finally {
    await client.close()
  }
}

function requireKnownMigrations(header: BackupHeader, known: readonly Script[]): void {
  for (const [index, { name, checksum }] of header.migrations.entries()) {
    if (known[index]?.name === name && known[index].checksum === checksum) continue
    throw new BackupError(
      'newer',
      `The backup is of a newer version, which has migration ${name}: restore it with that version of Callwire.`,
    )
  }
}

function requireKeys(uses: readonly KeyUse[], ring: OpenRing): void {
  const given = new Set(describeRing(ring).keys.map(({ kid }) => kid))
  const missing = uses.filter(({ kid }) => !given.has(kid))
  const [first] = missing
  if (first === undefined) return
  const kids = [...new Set(missing.map(({ kid }) => kid))]
  const sentences = kids.map((kid) => {
    const places = missing.filter((use) => use.kid === kid)
    const total = places.reduce((sum, { rows }) => sum + rows, 0)
    const list = places.map(({ place, rows }) => `${rows} of ${place}`).join(', ')
    const values = total === 1 ? 'value names' : 'values name'
    return `${total} sealed ${values} key ${kid} (${list}), which the keys given lack.`
  })
  throw new BackupError(
    'key_missing',
    `${sentences.join(' ')} Add ${kids.join(' and ')} to ENCRYPTION_KEYS, then restore again.`,
  )
}

async function fill(sql: Connection, o: RestoreOptions, content: BackupContent): Promise<void> {
  await sql.query('delete from app.schema_scripts')
  let rows = 0
  const { sha256, loaded } = await readBackup(o, (_header, records) =>
    loadTables(sql, records, (table, count) => {
      rows += count
      o.onProgress?.({ phase: 'loading', table, rows })
    }),
  )
  // The file that was checked, and not one that took its place since.
  if (sha256 !== content.sha256) throw damaged()
  await sql.query('set constraints all immediate')
  await compareTables(sql, loaded, (table) => {
    o.onProgress?.({ phase: 'comparing', table, rows })
  })
}

/** Number of calls that wait to be dialed. What was built under other fences is built anew. */
async function readyForStart(sql: Connection, pauseDialing: boolean): Promise<number> {
  await sql.query(`delete from app.schema_scripts where kind = 'rebuilt'`)
  if (pauseDialing) await sql.query('update app.tenants set dialing_paused = true')
  const { rows } = await sql.query<{ count: string }>(
    `select count(*) from app.calls where status = 'queued'`,
  )
  await sql.query('set local role none')
  return Number(rows[0]?.count)
}
