import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { DbError } from '../db-error.ts'

/** One SQL file and the SHA-256 of its text, hex. */
export type Script = { name: string; text: string; checksum: string }

const migrations = new URL('../../migrations/', import.meta.url)
const rebuilt = new URL('../../sql/', import.meta.url)
const numbered = /^\d{4}-[a-z0-9-]+\.sql$/

/** The migrations in order. Files are only ever added; their numbers run from 1 without a hole. */
export async function readMigrations(): Promise<Script[]> {
  const names = (await readdir(migrations)).filter((name) => name.endsWith('.sql')).sort()
  for (const [index, name] of names.entries()) {
    if (!numbered.test(name) || Number(name.slice(0, 4)) !== index + 1) {
      throw new DbError({
        code: 'migration',
        message: 'The migration files are not numbered in order',
      })
    }
  }
  return Promise.all(names.map((name) => readScript(migrations, name)))
}

/** The files that are run again whenever they change: who may do what, and whatever is of several tenants. */
export function readRebuilt(): Promise<Script[]> {
  return Promise.all(
    ['access.sql', 'finder.sql', 'batch.sql', 'reader.sql'].map((name) =>
      readScript(rebuilt, name),
    ),
  )
}

async function readScript(folder: URL, name: string): Promise<Script> {
  const text = await readFile(new URL(name, folder), 'utf8')
  return { name, text, checksum: createHash('sha256').update(text).digest('hex') }
}
