import { isUtf8 } from 'node:buffer'
import { generateKeyPairSync } from 'node:crypto'
import { textOf, utf8 } from './bytes.ts'
import { associatedData, type SealContext } from './context.ts'
import { unsealFailed } from './errors.ts'
import { formatEnvelope, type Sealed } from './format.ts'
import { hpkeOpen, hpkeSeal } from './hpke/single-shot.ts'
import type { KeyPair } from './hpke/x25519.ts'
import { envelopeOf, opening } from './opening.ts'
import { plaintextBytes } from './plaintext.ts'
import {
  openRings,
  sealRings,
  type OpenRing,
  type SealKey,
  type SealRing,
} from './rings/hpke-rings.ts'

const FORMAT = 'cw1c'
const INFO = utf8('callwire cw1c')

/**
 * Seals a credential so that only the holder of the opening ring can read it: HPKE (RFC 9180) in
 * PSK mode with DHKEM(X25519, HKDF-SHA256), HKDF-SHA256 and AES-256-GCM, to the ring's primary
 * key. Who holds the sealing ring cannot open, who holds neither can do neither. Throws
 * `invalid_input` for a context without its mandatory parts.
 */
export function sealCredential(ring: SealRing, context: SealContext, plaintext: string): Sealed {
  return sealCredentialWith(generateKeyPairSync('x25519'), ring, context, plaintext)
}

/** As `sealCredential` with a given ephemeral key pair, which must never seal twice. */
export function sealCredentialWith(
  ephemeral: KeyPair,
  ring: SealRing,
  context: SealContext,
  plaintext: string,
): Sealed {
  const { kid, key } = sealRings.reveal(ring).primary
  return sealTo({ kid, ...key }, ephemeral, context, plaintextBytes(plaintext))
}

/**
 * Opens a credential with the key of the ring that its text names. Throws `unseal_failed` for a
 * foreign key, a context that differs in anything, and any changed text.
 */
export function openCredential(ring: OpenRing, context: SealContext, sealed: string): string {
  return opening(() => {
    const text = textOf(openBytes(ring, context, sealed))
    if (text === null) throw unsealFailed()
    return text
  })
}

/**
 * Seals a credential anew to the ring's primary key, with the same context. The plaintext does not
 * leave this function. Throws `unseal_failed`.
 */
export function resealCredential(ring: OpenRing, context: SealContext, sealed: string): Sealed {
  return opening(() => {
    const plaintext = openBytes(ring, context, sealed)
    try {
      if (!isUtf8(plaintext)) throw unsealFailed()
      const { kid, key } = openRings.reveal(ring).primary
      const { psk, pair } = key
      const { publicKey } = pair
      return sealTo({ kid, psk, publicKey }, generateKeyPairSync('x25519'), context, plaintext)
    } finally {
      plaintext.fill(0)
    }
  })
}

function sealTo(
  { kid, psk, publicKey }: SealKey & { readonly kid: string },
  ephemeral: KeyPair,
  context: SealContext,
  plaintext: Uint8Array,
): Sealed {
  const { enc, ciphertext } = hpkeSeal(ephemeral, publicKey, boundTo(kid, psk, context), plaintext)
  return formatEnvelope({ format: FORMAT, kid, head: enc, body: ciphertext })
}

function openBytes(ring: OpenRing, context: SealContext, sealed: string): Buffer {
  const { kid, head: enc, body: ciphertext } = envelopeOf(FORMAT, sealed)
  const key = openRings.reveal(ring).byId.get(kid)
  if (key === undefined) throw unsealFailed()
  return hpkeOpen(key.pair, boundTo(kid, key.psk, context), { enc, ciphertext })
}

function boundTo(kid: string, psk: Uint8Array, context: SealContext) {
  return {
    psk,
    pskId: utf8(kid),
    info: INFO,
    associatedData: associatedData(FORMAT, kid, context),
  }
}
