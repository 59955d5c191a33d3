import { generateKeyPairSync } from 'node:crypto'
import { textOf, utf8 } from './bytes.ts'
import { associatedData, type SealContext } from './context.ts'
import { unsealFailed } from './errors.ts'
import { formatEnvelope, type Sealed } from './format.ts'
import { hpkeOpen, hpkeSeal } from './hpke/single-shot.ts'
import type { KeyPair } from './hpke/x25519.ts'
import { envelopeOf, opening } from './opening.ts'
import { plaintextBytes } from './plaintext.ts'
import { openRings, sealRings, type OpenRing, type SealRing } from './rings/hpke-rings.ts'

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
  const bound = boundTo(kid, key.psk, context)
  const { enc, ciphertext } = hpkeSeal(ephemeral, key.publicKey, bound, plaintextBytes(plaintext))
  return formatEnvelope({ format: FORMAT, kid, head: enc, body: ciphertext })
}

/**
 * Opens a credential with the key of the ring that its text names. Throws `unseal_failed` for a
 * foreign key, a context that differs in anything, and any changed text.
 */
export function openCredential(ring: OpenRing, context: SealContext, sealed: string): string {
  return opening(() => {
    const { kid, head: enc, body: ciphertext } = envelopeOf(FORMAT, sealed)
    const key = openRings.reveal(ring).byId.get(kid)
    if (key === undefined) throw unsealFailed()
    const text = textOf(hpkeOpen(key.pair, boundTo(kid, key.psk, context), { enc, ciphertext }))
    if (text === null) throw unsealFailed()
    return text
  })
}

function boundTo(kid: string, psk: Uint8Array, context: SealContext) {
  return {
    psk,
    pskId: utf8(kid),
    info: INFO,
    associatedData: associatedData(FORMAT, kid, context),
  }
}
