import { randomBytes } from 'node:crypto'
import { deriveServiceKeys, parseMasterRing, parseOpenRing, type OpenRing } from '@callwire/crypto'
import { systemClock } from '@callwire/runtime'
import type postgres from 'postgres'
import { backupDatabase, type BackupSummary } from '../backup-database.ts'
import { restoreDatabase, type RestoreSummary } from '../restore-database.ts'
import { gathered, inChunks } from './bytes.ts'

export type Keys = { readonly seal: string; readonly ring: OpenRing }

/** Keys for backups from new master keys under these ids. */
export function newKeys(...kids: string[]): Keys {
  const text = kids.map((kid) => `${kid}:${randomBytes(32).toString('base64')}`).join()
  const derived = deriveServiceKeys(parseMasterRing(text))
  return { seal: derived.BACKUP_SEAL_KEYS, ring: parseOpenRing(derived.BACKUP_OPEN_KEYS) }
}

type BackupOptions = Parameters<typeof backupDatabase>[0]
type RestoreOptions = Parameters<typeof restoreDatabase>[0]

/** A backup as bytes. */
export async function backupOf(
  url: string,
  keys: Keys,
  more: Partial<BackupOptions> = {},
): Promise<{ file: Buffer; summary: BackupSummary }> {
  let file: Buffer = Buffer.alloc(0)
  const summary = await backupDatabase({
    url,
    sealKeys: keys.seal,
    clock: systemClock,
    signal: new AbortController().signal,
    write: async (content) => {
      file = await gathered(content)
    },
    ...more,
  })
  return { file, summary }
}

export async function restoreInto(
  url: string,
  file: Buffer,
  keys: Pick<Keys, 'ring'>,
  more: Partial<RestoreOptions> = {},
): Promise<RestoreSummary> {
  return restoreDatabase({
    url,
    source: () => inChunks(file, 60_000),
    ring: keys.ring,
    signal: new AbortController().signal,
    ...more,
  })
}

/** Every row of every table, as the server writes it; generated columns among them. */
export async function contentOf(sql: postgres.Sql): Promise<Record<string, string[]>> {
  const tables = await sql<{ name: string }[]>`
    select relname as name from pg_class
    where relnamespace = to_regnamespace('app') and relkind in ('r', 'p') order by 1`
  const content: Record<string, string[]> = {}
  for (const { name } of tables) {
    // Grants and functions are built anew, at another time.
    const where = name === 'schema_scripts' ? sql`where kind = 'migration'` : sql``
    const rows = await sql<{ row: string }[]>`
      select t::text as row from ${sql(`app.${name}`)} t ${where} order by 1`
    content[name] = rows.map(({ row }) => row)
  }
  return content
}
