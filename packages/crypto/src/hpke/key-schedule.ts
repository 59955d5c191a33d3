import { createSecretKey, type KeyObject } from 'node:crypto'
import { KEY_BYTES, NONCE_BYTES } from '../aead.ts'
import { hkdf } from '../hkdf.ts'
import { KEM_ID } from './kem.ts'
import { expandLabel, extractLabel, labeledHash, labeledInput } from './labeled.ts'

const KDF_HKDF_SHA256 = 0x0001
const AEAD_AES_256_GCM = 0x0002
const MODE_PSK = 0x01

const SUITE_ID = suiteId()
const PSK_ID_HASH = extractLabel(SUITE_ID, 'psk_id_hash')
const INFO_HASH = extractLabel(SUITE_ID, 'info_hash')
const SECRET = extractLabel(SUITE_ID, 'secret')
const KEY = expandLabel(SUITE_ID, 'key', KEY_BYTES)
const BASE_NONCE = expandLabel(SUITE_ID, 'base_nonce', NONCE_BYTES)

export type Agreed = {
  /** 32 bytes. */
  readonly psk: Uint8Array
  /** Not empty. */
  readonly pskId: Uint8Array
  readonly info: Uint8Array
}

/** What two parties agreed on before any message, as far as the key schedule can go with it alone. */
export type KeySchedule = {
  readonly secretInput: KeyObject
  readonly keyInfo: Buffer
  readonly nonceInfo: Buffer
}

export type AeadParameters = { readonly key: KeyObject; readonly baseNonce: Buffer }

/** The part of KeySchedule in mode_psk (RFC 9180 section 5.1) that is the same for every message. */
export function keySchedule({ psk, pskId, info }: Agreed): KeySchedule {
  const context = Buffer.concat([
    Uint8Array.of(MODE_PSK),
    labeledHash(PSK_ID_HASH, pskId),
    labeledHash(INFO_HASH, info),
  ])
  return {
    secretInput: labeledInput(SECRET, psk),
    keyInfo: Buffer.concat([KEY, context]),
    nonceInfo: Buffer.concat([BASE_NONCE, context]),
  }
}

/** The rest of it, as far as a single message needs it: key, and nonce of sequence number 0. */
export function aeadParameters(
  { secretInput, keyInfo, nonceInfo }: KeySchedule,
  sharedSecret: Uint8Array,
): AeadParameters {
  return {
    key: createSecretKey(hkdf(secretInput, sharedSecret, keyInfo, KEY_BYTES)),
    baseNonce: hkdf(secretInput, sharedSecret, nonceInfo, NONCE_BYTES),
  }
}

function suiteId(): Buffer {
  const bytes = Buffer.from('HPKE\0\0\0\0\0\0', 'latin1')
  bytes.writeUInt16BE(KEM_ID, 4)
  bytes.writeUInt16BE(KDF_HKDF_SHA256, 6)
  bytes.writeUInt16BE(AEAD_AES_256_GCM, 8)
  return bytes
}
