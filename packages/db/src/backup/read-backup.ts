import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import type { OpenRing } from '@callwire/crypto'
import { damaged } from './backup-error.ts'
import { openBlocks } from './blocks.ts'
import { createByteReader } from './byte-reader.ts'
import { createKeyIdCounter, type KeyUse } from './count-key-ids.ts'
import { openBinding } from './data-key.ts'
import { readHeader, type BackupHeader } from './header.ts'
import { readRecords, type BackupRecord } from './records.ts'
import { interrupted } from './session.ts'

/** Where a backup's bytes come from; each call starts at the beginning. */
export type BackupSource = () => AsyncIterable<Uint8Array>

/** What a look through a whole backup tells. */
export type BackupContent = {
  readonly header: BackupHeader
  readonly tables: number
  readonly rows: number
  /** Of the records; the same for the same content. */
  readonly sha256: string
  /** The keys that rows are sealed under. */
  readonly keys: readonly KeyUse[]
}

/**
 * Opens a backup and gives its records, each authenticated before it is given. Throws BackupError
 * for whatever is wrong with the file or the ring; what `consume` throws comes as it is.
 */
export async function readBackup<T>(
  o: { source: BackupSource; ring: OpenRing; signal: AbortSignal },
  consume: (header: BackupHeader, records: AsyncIterable<BackupRecord>) => Promise<T>,
): Promise<T> {
  const reader = createByteReader(o.source())
  const bound = await readHeader(reader)
  const binding = openBinding(bound, o.ring)
  try {
    return await pipeline(
      openBlocks(binding, reader),
      createGunzip(),
      (bytes: AsyncIterable<Buffer>) => consume(bound.header, readRecords(bytes)),
      { signal: o.signal },
    )
  } catch (error) {
    if (o.signal.aborted) throw interrupted()
    throw isZlibError(error) ? damaged() : error
  }
}

/** Reads a backup from its first byte to its last, and touches nothing. Throws BackupError. */
export async function checkBackup(o: {
  source: BackupSource
  ring: OpenRing
  onProgress?: (progress: { rows: number }) => void
  signal: AbortSignal
}): Promise<BackupContent> {
  return readBackup(o, async (header, records) => {
    const counter = createKeyIdCounter()
    let rows = 0
    for await (const record of records) {
      if (record.kind === 'table') counter.table(record.table)
      if (record.kind === 'rows') counter.rows(record.bytes)
      if (record.kind === 'end') o.onProgress?.({ rows: (rows += record.rows) })
      if (record.kind === 'done') {
        const { tables, sha256 } = record
        return { header, tables, rows, sha256, keys: counter.uses() }
      }
    }
    throw damaged()
  })
}

function isZlibError(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return typeof code === 'string' && code.startsWith('Z_')
}
