import {
  deriveServiceKeys,
  parseContentRing,
  parseMasterRing,
  parseOpenRing,
  parseSealRing,
  sealContent,
  sealCredential,
  type SealContext,
} from '@callwire/crypto'

const keys = deriveServiceKeys(parseMasterRing(`k1:${Buffer.alloc(32, 1).toString('base64')}`))

/** As long as the tokens of the provider are. */
export const token = '9ec3a1d2f6b84b07a9b5c8d7e6f50413abcd'

export const context: Required<SealContext> = {
  purpose: 'exotel-credentials',
  tenantId: 'ten_01jq3m8s5tfx9v2b7c4d6e8g0h',
  rowId: 'phn_01jq3m8s5tfx9v2b7c4d6e8g0h',
  field: 'api_token',
  host: 'api.exotel.com',
  sid: 'acme1',
  version: 1,
}

/** More than the package remembers of what it opened: taken in turn, each is as new. */
const MANY = 2048

const sealRing = parseSealRing(keys.CREDENTIAL_SEAL_KEYS)
export const openRing = parseOpenRing(keys.CREDENTIAL_OPEN_KEYS)
export const contentRing = parseContentRing(keys.CONTENT_KEYS)
export const credentials = Array.from({ length: MANY }, () =>
  sealCredential(sealRing, context, token),
)
export const [credential = ''] = credentials
export const content = sealContent(contentRing, context, token)

/** The bytes behind `k1` in a ring. */
export function keyBytes(ring: 'CREDENTIAL_OPEN_KEYS' | 'CONTENT_KEYS'): Buffer {
  return Buffer.from(keys[ring].slice('k1:'.length), 'base64')
}

/** The fields of an envelope behind its format and key id, as bytes. */
export function fieldsOf(sealed: string): { head: Buffer; ciphertext: Buffer; tag: Buffer } {
  const [, , head = '', body = ''] = sealed.split('.')
  const bytes = Buffer.from(body, 'base64url')
  return {
    head: Buffer.from(head, 'base64url'),
    ciphertext: bytes.subarray(0, -16),
    tag: bytes.subarray(-16),
  }
}

/** The associated data of FORMAT.md section 3 for the sample's context. */
export function associatedData(format: string): Buffer {
  const { purpose, tenantId, rowId, field, host, sid, version } = context
  const present = [host, sid, String(version)].flatMap((part) => [Buffer.of(1), lp(part)])
  return Buffer.concat([lp(format, 'k1', purpose, tenantId, rowId, field), ...present])
}

function lp(...parts: string[]): Buffer {
  return Buffer.concat(
    parts.flatMap((part) => {
      const length = Buffer.alloc(4)
      length.writeUInt32BE(Buffer.byteLength(part))
      return [length, Buffer.from(part)]
    }),
  )
}
