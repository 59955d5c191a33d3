import { createSecretKey, randomBytes, type KeyObject } from 'node:crypto'
import { KEY_BYTES } from './aead.ts'
import { openUnderRing, resealUnderRing, sealUnderRing } from './content.ts'
import type { SealContext } from './context.ts'
import { unsealFailed } from './errors.ts'
import { formatEnvelope, type Sealed } from './format.ts'
import { opaque, type Opaque } from './opaque.ts'
import { envelopeOf, opening } from './opening.ts'
import { plaintextBytes } from './plaintext.ts'
import { openRecord, SALT_BYTES, sealRecord } from './record.ts'
import type { ContentRing } from './rings/secret-rings.ts'

/**
 * The key of one call's audio and words, or of one recording. Deleting its wrapped form erases what
 * it seals.
 */
export type DataKey = Opaque<'DataKey'>

/** Whose a data key is. A call's does not open as a recording's, nor the other way round. */
export type DataKeyContext =
  | { readonly tenantId: string; readonly callId: string }
  | { readonly tenantId: string; readonly recordingId: string }

export const dataKeys = opaque<'DataKey', KeyObject>('DataKey')

// A data key is in no ring: there is one, and the row it lies in says whose it is.
const NO_KEY_ID = ''

/** Makes a data key: to use now, and wrapped by the ring's primary key to store. */
export function createDataKey(
  ring: ContentRing,
  context: DataKeyContext,
): { dataKey: DataKey; wrapped: Sealed } {
  return createDataKeyWith(randomBytes(KEY_BYTES), randomBytes(SALT_BYTES), ring, context)
}

/** As `createDataKey` with a given key and salt, both of which must be random and used once. */
export function createDataKeyWith(
  key: Uint8Array,
  salt: Uint8Array,
  ring: ContentRing,
  context: DataKeyContext,
): { dataKey: DataKey; wrapped: Sealed } {
  const wrapped = sealUnderRing('cw1k', salt, ring, wrapContext(context), key)
  return { dataKey: dataKeys.hold(createSecretKey(key)), wrapped }
}

/** Opens a wrapped data key. Throws `unseal_failed`. */
export function openDataKey(ring: ContentRing, context: DataKeyContext, wrapped: string): DataKey {
  const key = openUnderRing('cw1k', ring, wrapContext(context), wrapped)
  if (!isKey(key)) throw unsealFailed()
  return dataKeys.hold(createSecretKey(key))
}

/** Wraps a data key anew with the ring's primary key. Throws `unseal_failed`. */
export function rewrapDataKey(ring: ContentRing, context: DataKeyContext, wrapped: string): Sealed {
  return resealUnderRing('cw1k', ring, wrapContext(context), wrapped, isKey)
}

/** As `sealContent`, under a data key. */
export function sealWithDataKey(
  key: DataKey,
  context: SealContext,
  plaintext: string | Uint8Array,
): Sealed {
  return sealWithDataKeyAnd(randomBytes(SALT_BYTES), key, context, plaintext)
}

/** As `sealWithDataKey` with a given salt, which must be random and never serve twice. */
export function sealWithDataKeyAnd(
  salt: Uint8Array,
  key: DataKey,
  context: SealContext,
  plaintext: string | Uint8Array,
): Sealed {
  return formatEnvelope(sealRecord(recordKey(key), salt, context, plaintextBytes(plaintext)))
}

/** Opens what `sealWithDataKey` sealed under the same key and context. Throws `unseal_failed`. */
export function openWithDataKey(key: DataKey, context: SealContext, sealed: string): Buffer {
  return opening(() => openRecord(recordKey(key), context, envelopeOf('cw1e', sealed)))
}

/** The key of what is sealed as bytes: the same in a format of its own, so that neither opens as the other. */
export function objectKey(key: DataKey) {
  return { format: 'cw1o', kid: NO_KEY_ID, key: dataKeys.reveal(key) } as const
}

function isKey(bytes: Buffer): boolean {
  return bytes.length === KEY_BYTES
}

function recordKey(key: DataKey) {
  return { format: 'cw1e', kid: NO_KEY_ID, key: dataKeys.reveal(key) } as const
}

function wrapContext(context: DataKeyContext): SealContext {
  const [purpose, rowId] =
    'callId' in context
      ? ['call-data-key', context.callId]
      : ['recording-data-key', context.recordingId]
  return { purpose, tenantId: context.tenantId, rowId, field: 'data_key' }
}
