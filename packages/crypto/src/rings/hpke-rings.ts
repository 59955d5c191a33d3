import type { KeyObject } from 'node:crypto'
import {
  keyPairOf,
  publicBytesOf,
  publicKeyOf,
  X25519_BYTES,
  type KeyPair,
} from '../hpke/x25519.ts'
import type { Opaque } from '../opaque.ts'
import { ringKind } from './ring-kind.ts'

/** Half of a credential key pair that can seal and cannot open: public key and pre-shared key. */
export type SealRing = Opaque<'SealRing'>

/** The half that opens: private key and the same pre-shared key. */
export type OpenRing = Opaque<'OpenRing'>

export type SealKey = { readonly publicKey: KeyObject; readonly psk: Buffer }
export type OpenKey = { readonly pair: KeyPair; readonly psk: Buffer }

export const PSK_BYTES = 32

export const sealRings = ringKind({
  label: 'SealRing',
  keyBytes: X25519_BYTES + PSK_BYTES,
  importKey: (bytes): SealKey => ({
    publicKey: publicKeyOf(bytes.subarray(0, X25519_BYTES)),
    psk: bytes.subarray(X25519_BYTES),
  }),
  checkParts: ({ publicKey, psk }) => ({ secret: psk, publicBytes: publicBytesOf(publicKey) }),
})

export const openRings = ringKind({
  label: 'OpenRing',
  keyBytes: X25519_BYTES + PSK_BYTES,
  importKey: (bytes): OpenKey => ({
    pair: keyPairOf(bytes.subarray(0, X25519_BYTES)),
    psk: bytes.subarray(X25519_BYTES),
  }),
  checkParts: ({ pair, psk }) => ({ secret: psk, publicBytes: publicBytesOf(pair.publicKey) }),
})

/** Reads `kid:base64(public 32 ‖ psk 32),…`; the first is primary. Throws `invalid_key`. */
export function parseSealRing(text: string): SealRing {
  return sealRings.parse(text)
}

/** Reads `kid:base64(private 32 ‖ psk 32),…`; the first is primary. Throws `invalid_key`. */
export function parseOpenRing(text: string): OpenRing {
  return openRings.parse(text)
}
