import { createSecretKey, type KeyObject } from 'node:crypto'
import { utf8 } from '../bytes.ts'
import { keySchedule, type AeadParameters } from '../hpke/key-schedule.ts'
import type { Opener, Recipient } from '../hpke/single-shot.ts'
import { keyPairOf, publicHalfOf, X25519_BYTES, type PublicHalf } from '../hpke/x25519.ts'
import type { Opaque } from '../opaque.ts'
import { recent, type Recent } from '../recent.ts'
import { ringKind } from './ring-kind.ts'

/** Half of a credential key pair that can seal and cannot open: public key and pre-shared key. */
export type SealRing = Opaque<'SealRing'>

/** The half that opens: private key and the same pre-shared key. */
export type OpenRing = Opaque<'OpenRing'>

type Shared = { readonly psk: KeyObject }
export type SealKey = Recipient & Shared
/** Who can open can seal as well. */
export type OpenKey = Opener &
  PublicHalf &
  Shared & {
    /** The keys of the messages opened last, by `enc`. They go with the ring's key. */
    readonly opened: Recent<AeadParameters>
  }

export const PSK_BYTES = 32

/**
 * Two credentials a phone, and thousands of phones: a dialer that calls from all of them in turn
 * would agree on every key anew, were there one more of them than are remembered. Some 3 KB each.
 */
const REMEMBERED = 8_192

const INFO = utf8('callwire cw1c')

export const sealRings = ringKind({
  label: 'SealRing',
  keyBytes: X25519_BYTES + PSK_BYTES,
  importKey: (bytes, kid): SealKey => ({
    ...publicHalfOf(bytes.subarray(0, X25519_BYTES)),
    ...agreedOn(bytes.subarray(X25519_BYTES), kid),
  }),
  checkParts: ({ psk, publicBytes }) => ({ secret: psk, publicBytes }),
})

export const openRings = ringKind({
  label: 'OpenRing',
  keyBytes: X25519_BYTES + PSK_BYTES,
  importKey: (bytes, kid): OpenKey => ({
    ...keyPairOf(bytes.subarray(0, X25519_BYTES)),
    ...agreedOn(bytes.subarray(X25519_BYTES), kid),
    opened: recent(REMEMBERED),
  }),
  checkParts: ({ psk, publicBytes }) => ({ secret: psk, publicBytes }),
})

/** Reads `kid:base64(public 32 ‖ psk 32),…`; the first is primary. Throws `invalid_key`. */
export function parseSealRing(text: string): SealRing {
  return sealRings.parse(text)
}

/** Reads `kid:base64(private 32 ‖ psk 32),…`; the first is primary. Throws `invalid_key`. */
export function parseOpenRing(text: string): OpenRing {
  return openRings.parse(text)
}

function agreedOn(psk: Buffer, kid: string) {
  return { psk: createSecretKey(psk), schedule: keySchedule({ psk, pskId: utf8(kid), info: INFO }) }
}
