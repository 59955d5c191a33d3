import { fromBase64url, toBase64url } from './base64.ts'
import { TAG_BYTES } from './aead.ts'
import { isKeyId } from './rings/ring.ts'

declare const sealedBrand: unique symbol

/** The text of a sealed value, safe to store and log. Only this package makes one. */
export type Sealed = string & { readonly [sealedBrand]: true }

/**
 * `cw1c` credentials (HPKE), `cw1d` content under a ring, `cw1k` a data key under a ring, `cw1e`
 * content under a data key.
 */
export type Format = 'cw1c' | 'cw1d' | 'cw1k' | 'cw1e'

/** Bytes of the field before the ciphertext: an HPKE `enc`, or salt ‖ commitment. */
const HEAD_BYTES = { cw1c: 32, cw1d: 48, cw1k: 48, cw1e: 48 } as const

/** Ciphertext with tag. What is larger belongs into blocks of a stream key. */
export const MAX_BODY_BYTES = 1_048_576 + TAG_BYTES

const MAX_TEXT_LENGTH = 128 + Math.ceil((MAX_BODY_BYTES * 4) / 3)

export type Envelope = {
  readonly format: Format
  /** Empty for `cw1e`, whose key stands beside it in a row. */
  readonly kid: string
  readonly head: Buffer
  readonly body: Buffer
}

export function formatEnvelope({ format, kid, head, body }: Envelope): Sealed {
  const fields = [toBase64url(head), toBase64url(body)]
  return [format, ...(format === 'cw1e' ? [] : [kid]), ...fields].join('.') as Sealed
}

/**
 * Takes the text of an envelope apart: exactly the fields of its format, each spelled the one
 * canonical way, with exact lengths. Null for everything else.
 */
export function parseEnvelope(text: string): Envelope | null {
  if (text.length > MAX_TEXT_LENGTH) return null
  const [format, ...rest] = text.split('.')
  if (!isFormat(format)) return null
  const [kid, headText, bodyText, ...excess] = format === 'cw1e' ? ['', ...rest] : rest
  if (kid === undefined || headText === undefined || bodyText === undefined) return null
  if (excess.length > 0 || (format !== 'cw1e' && !isKeyId(kid))) return null
  const head = fromBase64url(headText)
  const body = fromBase64url(bodyText)
  if (head?.length !== HEAD_BYTES[format]) return null
  if (body === null || body.length < TAG_BYTES || body.length > MAX_BODY_BYTES) return null
  return { format, kid, head, body }
}

/** The id of the key that sealed a text, or null when it is no envelope or names no key. */
export function sealedKeyId(sealed: string): string | null {
  const kid = parseEnvelope(sealed)?.kid
  return kid === undefined || kid === '' ? null : kid
}

function isFormat(text: string | undefined): text is Format {
  return text !== undefined && Object.hasOwn(HEAD_BYTES, text)
}
