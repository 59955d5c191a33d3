import { createHash } from 'node:crypto'
import type { Connection } from '../client.ts'
import { DbError } from '../db-error.ts'
import { BackupError, damaged } from './backup-error.ts'
import { columnList, quoted, readTables } from './catalogue.ts'
import { copyIn, copyOut } from './copy.ts'
import type { BackupRecord, BackupTable } from './records.ts'

type Loaded = { readonly table: BackupTable; readonly rows: number; readonly sha256: string }

/**
 * Fills the tables, which must be new, and gives the hash of all records. Throws BackupError
 * `damaged` when tables or columns are not those of this schema.
 */
export async function loadTables(
  sql: Connection,
  records: AsyncIterable<BackupRecord>,
  onRows: (table: string, rows: number) => void,
): Promise<{ sha256: string; loaded: Loaded[] }> {
  const expected = new Map((await readTables(sql)).map((table) => [table.name, table]))
  const loaded: Loaded[] = []
  let table: BackupTable | undefined
  let copy: ReturnType<typeof copyIn> | undefined
  for await (const record of records) {
    if (record.kind === 'table') {
      table = record.table
      if (expected.get(table.name)?.columns.join() !== table.columns.join()) throw damaged()
      expected.delete(table.name)
      copy = copyIn(sql, `copy ${placeOf(table)} from stdin`)
    } else if (record.kind === 'rows' && copy !== undefined) {
      await copy.write(record.bytes)
    } else if (record.kind === 'end' && copy !== undefined && table !== undefined) {
      if ((await copy.end()) !== record.rows) throw new DbError({ code: 'internal' })
      loaded.push({ table, rows: record.rows, sha256: record.sha256 })
      onRows(table.name, record.rows)
    } else if (record.kind === 'done') {
      if (expected.size > 0) throw damaged()
      return { sha256: record.sha256, loaded }
    }
  }
  throw damaged()
}

/** Copies what was loaded out again: row by row it must be what the backup says. */
export async function compareTables(
  sql: Connection,
  loaded: readonly Loaded[],
  onTable: (table: string) => void,
): Promise<void> {
  for (const { table, sha256 } of loaded) {
    onTable(table.name)
    const hash = createHash('sha256')
    const { chunks } = copyOut(sql, `copy ${placeOf(table)} to stdout`)
    for await (const chunk of chunks) hash.update(chunk)
    if (hash.digest('hex') !== sha256) {
      throw new BackupError(
        'not_ready',
        `The rows of ${table.name} did not arrive as they were backed up: nothing was restored.`,
      )
    }
  }
}

function placeOf(table: BackupTable): string {
  return `app.${quoted(table.name)} (${columnList(table)})`
}
