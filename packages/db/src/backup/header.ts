import { createHash } from 'node:crypto'
import { z } from 'zod'
import { BackupError, damaged } from './backup-error.ts'
import type { ByteReader } from './byte-reader.ts'

const NAME = 'callwire-backup'
const VERSION = 1
const MAX_LINE_BYTES = 65_536

const schema = z.strictObject({
  id: z.string().regex(/^[0-9a-f]{32}$/),
  createdAt: z.iso.datetime(),
  kid: z.string().regex(/^[a-z0-9][a-z0-9-]{0,31}$/),
  migrations: z.array(
    z.strictObject({ name: z.string().max(200), checksum: z.string().regex(/^[0-9a-f]{64}$/) }),
  ),
  dataKey: z.string().startsWith('cw1c.').max(1_000),
  salt: z.string().regex(/^[A-Za-z0-9_-]{22}$/),
})

/** What a backup tells without any key. */
export type BackupHeader = {
  /** 16 random bytes, hex. */
  readonly id: string
  readonly createdAt: string
  /** The key that opens `dataKey`. */
  readonly kid: string
  /** The migrations of the schema that the rows are of, in order. */
  readonly migrations: readonly { readonly name: string; readonly checksum: string }[]
  /** The key of the blocks, sealed to `kid`. */
  readonly dataKey: string
  /** 16 random bytes, base64url. */
  readonly salt: string
}

/** A header and the SHA-256 of its bytes, to which every block is bound. */
export type BoundHeader = { readonly header: BackupHeader; readonly hash: Buffer }

/** Two lines: name and version of the format, then one JSON object. */
export function encodeHeader(header: BackupHeader): Buffer {
  return Buffer.from(`${NAME} ${VERSION}\n${JSON.stringify(header)}\n`)
}

export function hashOf(headerBytes: Uint8Array): Buffer {
  return createHash('sha256').update(headerBytes).digest()
}

/** Throws BackupError `not_a_backup`, `newer` or `damaged`. */
export async function readHeader(reader: ByteReader): Promise<BoundHeader> {
  const first = await reader.takeLine(64)
  const version = /^callwire-backup (\d{1,6})\n$/.exec(first?.toString('latin1') ?? '')?.[1]
  if (first === null || version === undefined) {
    throw new BackupError('not_a_backup', 'The file is no backup of Callwire.')
  }
  if (Number(version) !== VERSION) {
    throw new BackupError(
      'newer',
      `The backup has format ${Number(version)}, and this version reads ${VERSION}: use the version of Callwire that made it.`,
    )
  }
  const second = await reader.takeLine(MAX_LINE_BYTES)
  const header = second === null ? undefined : headerOf(second.toString('utf8'))
  if (second === null || header === undefined) throw damaged()
  return { header, hash: hashOf(Buffer.concat([first, second])) }
}

function headerOf(line: string): BackupHeader | undefined {
  try {
    const json: unknown = JSON.parse(line)
    const { data } = schema.safeParse(json)
    // A name given twice would be read by others as something else.
    return data !== undefined && `${JSON.stringify(json)}\n` === line ? data : undefined
  } catch {
    return undefined
  }
}
