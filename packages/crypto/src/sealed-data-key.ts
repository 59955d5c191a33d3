import { createSecretKey, randomBytes } from 'node:crypto'
import { KEY_BYTES } from './aead.ts'
import { fromBase64url, toBase64url } from './base64.ts'
import type { SealContext } from './context.ts'
import { openCredential, sealCredential } from './credential.ts'
import { dataKeys, type DataKey } from './data-key.ts'
import { unsealFailed } from './errors.ts'
import type { Sealed } from './format.ts'
import type { OpenRing, SealRing } from './rings/hpke-rings.ts'

/**
 * Makes a random data key: to use now, and sealed to the ring's primary key, so that whoever made
 * it cannot get it back later. Throws `invalid_input` for a context without its mandatory parts.
 */
export function createSealedDataKey(
  ring: SealRing,
  context: SealContext,
): { dataKey: DataKey; sealed: Sealed } {
  const key = randomBytes(KEY_BYTES)
  const sealed = sealCredential(ring, context, toBase64url(key))
  return { dataKey: dataKeys.hold(createSecretKey(key)), sealed }
}

/** Opens a data key that `createSealedDataKey` made. Throws `unseal_failed`. */
export function openSealedDataKey(ring: OpenRing, context: SealContext, sealed: string): DataKey {
  const key = fromBase64url(openCredential(ring, context, sealed))
  if (key?.length !== KEY_BYTES) throw unsealFailed()
  return dataKeys.hold(createSecretKey(key))
}
