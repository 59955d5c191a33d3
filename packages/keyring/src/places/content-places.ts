import {
  openContent,
  openDataKey,
  resealContent,
  rewrapDataKey,
  type ContentRing,
  type SealContext,
} from '@callwire/crypto'
import { callbackInbox, callKeys, calls, idempotencyKeys, recordings } from '@callwire/db'
import { sealContexts } from '../contexts.ts'
import { contentPlace } from './content-place.ts'

type Row = { readonly tenantId: string; readonly id: string; readonly sealed: string }

function under(context: (tenantId: string, id: string) => SealContext) {
  return {
    open: (ring: ContentRing, row: Row) =>
      openContent(ring, context(row.tenantId, row.id), row.sealed),
    reseal: (ring: ContentRing, row: Row) =>
      resealContent(ring, context(row.tenantId, row.id), row.sealed),
  }
}

export const callMetadataPlace = contentPlace({
  place: 'calls.metadata',
  table: calls,
  tableName: 'calls',
  id: calls.id,
  column: calls.metadataSealed,
  ...under(sealContexts.metadata),
})

export const recordingUrlPlace = contentPlace({
  place: 'calls.recording_url',
  table: calls,
  tableName: 'calls',
  id: calls.id,
  column: calls.recordingUrlSealed,
  ...under(sealContexts.recordingUrl),
})

export const callbackInboxPlace = contentPlace({
  place: 'callback_inbox',
  table: callbackInbox,
  tableName: 'callback_inbox',
  id: callbackInbox.id,
  column: callbackInbox.bodySealed,
  ...under(sealContexts.callbackBody),
})

/** A row here goes by its call: a request that placed one has one key. */
export const idempotencyKeysPlace = contentPlace({
  place: 'idempotency_keys',
  table: idempotencyKeys,
  tableName: 'idempotency_keys',
  id: idempotencyKeys.callId,
  column: idempotencyKeys.fingerprint,
  ...under(sealContexts.fingerprint),
})

/** A call's data key: wrapped anew, while what it seals stays as it is. */
export const callKeysPlace = contentPlace({
  place: 'call_keys',
  table: callKeys,
  tableName: 'call_keys',
  id: callKeys.callId,
  column: callKeys.wrapped,
  open: (ring, row) => openDataKey(ring, { tenantId: row.tenantId, callId: row.id }, row.sealed),
  reseal: (ring, row) =>
    rewrapDataKey(ring, { tenantId: row.tenantId, callId: row.id }, row.sealed),
})

/** A recording's data key: wrapped anew, while the objects in the store stay as they are. */
export const recordingKeysPlace = contentPlace({
  place: 'recordings',
  table: recordings,
  tableName: 'recordings',
  id: recordings.id,
  column: recordings.wrapped,
  open: (ring, row) =>
    openDataKey(ring, { tenantId: row.tenantId, recordingId: row.id }, row.sealed),
  reseal: (ring, row) =>
    rewrapDataKey(ring, { tenantId: row.tenantId, recordingId: row.id }, row.sealed),
})
