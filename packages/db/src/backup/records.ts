import { createHash } from 'node:crypto'
import { z } from 'zod'
import { damaged } from './backup-error.ts'
import { createByteReader } from './byte-reader.ts'

/** A table as it is in a backup. */
export type BackupTable = {
  readonly name: string
  /** In the order of the rows' fields; generated ones are not among them. */
  readonly columns: readonly string[]
  /** Those that hold sealed texts, which may name keys. */
  readonly sealed: readonly string[]
}

export type BackupRecord =
  | { readonly kind: 'table'; readonly table: BackupTable }
  /** A piece of COPY's text format, cut anywhere. */
  | { readonly kind: 'rows'; readonly bytes: Buffer }
  | { readonly kind: 'end'; readonly rows: number; readonly sha256: string }
  | {
      readonly kind: 'done'
      readonly tables: number
      readonly rows: number
      readonly sha256: string
    }

const KIND = { table: 0x54, rows: 0x52, end: 0x45, done: 0x5a } as const
const HEAD_BYTES = 5
/** More than a driver gives at once. */
const MAX_RECORD_BYTES = 1_048_576

const sha256 = z.string().regex(/^[0-9a-f]{64}$/)
const count = z.int().min(0)
const tableSchema = z.strictObject({
  name: z.string().min(1),
  columns: z.array(z.string().min(1)).min(1),
  sealed: z.array(z.string().min(1)),
})
const endSchema = z.strictObject({ rows: count, sha256 })
const doneSchema = z.strictObject({ tables: count, rows: count, sha256 })

/** Makes the records of a backup, in the order of the calls, and counts and hashes on the way. */
export function createRecordWriter() {
  const whole = createHash('sha256')
  let part = createHash('sha256')
  let tables = 0
  let rows = 0
  let rowsBefore = 0
  const record = (kind: number, payload: Uint8Array) => {
    const bytes = recordOf(kind, payload)
    whole.update(bytes)
    return bytes
  }
  const json = (kind: number, value: unknown) => record(kind, Buffer.from(JSON.stringify(value)))
  return {
    table: (table: BackupTable) => {
      const { name, columns, sealed } = table
      part = createHash('sha256')
      rowsBefore = rows
      tables += 1
      return json(KIND.table, { name, columns, sealed })
    },
    *rows(bytes: Buffer): Generator<Buffer> {
      part.update(bytes)
      rows += countRows(bytes)
      for (let from = 0; from < bytes.length; from += MAX_RECORD_BYTES) {
        yield record(KIND.rows, bytes.subarray(from, from + MAX_RECORD_BYTES))
      }
    },
    end: () => json(KIND.end, { rows: rows - rowsBefore, sha256: part.digest('hex') }),
    done: () => {
      const value = { tables, rows, sha256: whole.digest('hex') }
      return recordOf(KIND.done, Buffer.from(JSON.stringify(value)))
    },
    rowCount: () => rows,
  }
}

/**
 * Reads records and compares their counts and hashes. Throws BackupError `damaged`, before the
 * record that does not fit is given out.
 */
export async function* readRecords(
  source: AsyncIterable<Uint8Array>,
): AsyncGenerator<BackupRecord> {
  const reader = createByteReader(source)
  const whole = createHash('sha256')
  let part: ReturnType<typeof createHash> | null = null
  let tables = 0
  let rows = 0
  let rowsBefore = 0
  for (;;) {
    const head = await reader.take(HEAD_BYTES)
    if (head === null) throw damaged()
    const kind = head.readUInt8(0)
    const length = head.readUInt32BE(1)
    if (length > MAX_RECORD_BYTES) throw damaged()
    const payload = await reader.take(length)
    if (payload === null) throw damaged()
    if (kind !== KIND.done) whole.update(head).update(payload)
    if (kind === KIND.rows && part !== null) {
      part.update(payload)
      rows += countRows(payload)
      yield { kind: 'rows', bytes: payload }
    } else if (kind === KIND.table && part === null) {
      part = createHash('sha256')
      rowsBefore = rows
      tables += 1
      yield { kind: 'table', table: parsed(tableSchema, payload) }
    } else if (kind === KIND.end && part !== null) {
      const end = parsed(endSchema, payload)
      if (end.rows !== rows - rowsBefore || end.sha256 !== part.digest('hex')) throw damaged()
      part = null
      yield { kind: 'end', ...end }
    } else if (kind === KIND.done && part === null) {
      const done = parsed(doneSchema, payload)
      const fits = done.tables === tables && done.rows === rows
      if (!fits || done.sha256 !== whole.digest('hex')) throw damaged()
      if (!(await reader.atEnd())) throw damaged()
      yield { kind: 'done', ...done }
      return
    } else {
      throw damaged()
    }
  }
}

/** COPY ends each row by a line feed, and writes the line feeds of values as `\n`. */
function countRows(bytes: Uint8Array): number {
  let rows = 0
  for (let at = bytes.indexOf(0x0a); at >= 0; at = bytes.indexOf(0x0a, at + 1)) rows += 1
  return rows
}

function recordOf(kind: number, payload: Uint8Array): Buffer {
  const head = Buffer.alloc(HEAD_BYTES)
  head.writeUInt8(kind, 0)
  head.writeUInt32BE(payload.length, 1)
  return Buffer.concat([head, payload])
}

function parsed<T>(schema: z.ZodType<T>, payload: Buffer): T {
  try {
    return schema.parse(JSON.parse(payload.toString('utf8')))
  } catch {
    throw damaged()
  }
}
