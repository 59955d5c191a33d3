import { createSecretKey, type KeyObject } from 'node:crypto'
import { KEY_BYTES, NONCE_BYTES } from '../aead.ts'
import { KEM_ID } from './kem.ts'
import { labeledExpand, labeledExtract } from './labeled.ts'

const KDF_HKDF_SHA256 = 0x0001
const AEAD_AES_256_GCM = 0x0002
const MODE_PSK = 0x01

const SUITE_ID = suiteId()
const EMPTY = Buffer.alloc(0)

export type PreSharedKey = { readonly psk: Uint8Array; readonly pskId: Uint8Array }
export type AeadParameters = { readonly key: KeyObject; readonly baseNonce: Buffer }

/**
 * KeySchedule in mode_psk (RFC 9180 section 5.1), as far as a single message needs it: the key and
 * the nonce of sequence number 0. `psk` is 32 bytes, `pskId` is not empty.
 */
export function keySchedule(
  sharedSecret: Uint8Array,
  info: Uint8Array,
  { psk, pskId }: PreSharedKey,
): AeadParameters {
  const context = Buffer.concat([
    Uint8Array.of(MODE_PSK),
    labeledExtract(SUITE_ID, EMPTY, 'psk_id_hash', pskId),
    labeledExtract(SUITE_ID, EMPTY, 'info_hash', info),
  ])
  const secret = labeledExtract(SUITE_ID, sharedSecret, 'secret', psk)
  return {
    key: createSecretKey(labeledExpand(SUITE_ID, secret, 'key', context, KEY_BYTES)),
    baseNonce: labeledExpand(SUITE_ID, secret, 'base_nonce', context, NONCE_BYTES),
  }
}

function suiteId(): Buffer {
  const bytes = Buffer.from('HPKE\0\0\0\0\0\0', 'latin1')
  bytes.writeUInt16BE(KEM_ID, 4)
  bytes.writeUInt16BE(KDF_HKDF_SHA256, 6)
  bytes.writeUInt16BE(AEAD_AES_256_GCM, 8)
  return bytes
}
