import type { KeyObject } from 'node:crypto'
import { toBase64url } from './base64.ts'
import { lengthPrefixed } from './bytes.ts'
import { hkdfKey, hmacSha256 } from './hkdf.ts'
import { contentRings, type ContentRing } from './rings/secret-rings.ts'

const FORMAT = 'cw1i'
const NO_SALT = Buffer.alloc(0)

/** 128 bits: chance collisions between values stay out of reach, and the column stays small. */
const INDEX_BYTES = 16

/**
 * Keyed hashes by which a sealed value can be found again without being opened: equal values of
 * one purpose and tenant give equal texts, and nothing else can be read from them without the key.
 * Returns one `kid.<22 characters>` per key, the primary's first: store the first, search for any.
 * The caller brings the value into its one normal form before.
 */
export function blindIndex(
  ring: ContentRing,
  { purpose, tenantId }: { readonly purpose: string; readonly tenantId: string },
  value: string,
): string[] {
  const message = lengthPrefixed(purpose, tenantId, value)
  return [...contentRings.reveal(ring).byId].map(([kid, key]) => {
    const indexKey = indexKeyOf(kid, key)
    return `${kid}.${toBase64url(hmacSha256(indexKey, message).subarray(0, INDEX_BYTES))}`
  })
}

/** The same for as long as the ring is: deriving it takes longer than what it is used for. */
const indexKeys = new WeakMap<KeyObject, KeyObject>()

function indexKeyOf(kid: string, key: KeyObject): KeyObject {
  const known = indexKeys.get(key)
  if (known !== undefined) return known
  const made = hkdfKey(key, NO_SALT, lengthPrefixed(FORMAT, kid))
  indexKeys.set(key, made)
  return made
}
