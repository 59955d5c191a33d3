import {
  createStreamKey,
  describeRing,
  openSealedDataKey,
  type OpenRing,
  type SealContext,
} from '@callwire/crypto'
import { BackupError, damaged } from './backup-error.ts'
import type { BlockBinding } from './blocks.ts'
import type { BoundHeader } from './header.ts'

export const STREAM_ID = 'backup'

/** A backup is of the whole installation, so no tenant's name stands in its context. */
export function dataKeyContext(backupId: string): SealContext {
  return { purpose: 'backup', tenantId: 'install', rowId: backupId, field: 'data_key' }
}

/**
 * What the blocks of a file are opened with. Throws BackupError `key_missing` naming the key, or
 * `damaged` when the ring has that key and it does not open.
 */
export function openBinding({ header, hash }: BoundHeader, ring: OpenRing): BlockBinding {
  const ids = describeRing(ring).keys.map(({ kid }) => kid)
  if (!ids.includes(header.kid)) {
    throw new BackupError(
      'key_missing',
      `The backup is sealed under key ${header.kid}, which the keys given (${ids.join(', ')}) lack: add it to ENCRYPTION_KEYS, or to BACKUP_OPEN_KEYS.`,
    )
  }
  const salt = Buffer.from(header.salt, 'base64url')
  const key = createStreamKey(dataKeyOf(header, ring), { streamId: STREAM_ID, salt })
  return { key, headerHash: hash }
}

function dataKeyOf({ id, kid, dataKey }: BoundHeader['header'], ring: OpenRing) {
  try {
    if (!dataKey.startsWith(`cw1c.${kid}.`)) throw damaged()
    return openSealedDataKey(ring, dataKeyContext(id), dataKey)
  } catch {
    throw new BackupError(
      'damaged',
      `The backup does not open with key ${kid}: it is damaged, or another key was given under that name.`,
    )
  }
}
