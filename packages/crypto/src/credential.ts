import { isUtf8 } from 'node:buffer'
import { aeadOpen } from './aead.ts'
import { textOf } from './bytes.ts'
import { associatedData, type SealContext } from './context.ts'
import { unsealFailed } from './errors.ts'
import { formatEnvelope, type Sealed } from './format.ts'
import { hpkeSeal, messageKey, type Recipient } from './hpke/single-shot.ts'
import { ephemeralPair, type PrivateHalf } from './hpke/x25519.ts'
import { envelopeOf, opening } from './opening.ts'
import { plaintextBytes } from './plaintext.ts'
import { openRings, sealRings, type OpenRing, type SealRing } from './rings/hpke-rings.ts'

const FORMAT = 'cw1c'

/**
 * Seals a credential so that only the holder of the opening ring can read it: HPKE (RFC 9180) in
 * PSK mode with DHKEM(X25519, HKDF-SHA256), HKDF-SHA256 and AES-256-GCM, to the ring's primary
 * key. Who holds the sealing ring cannot open, who holds neither can do neither. Throws
 * `invalid_input` for a context without its mandatory parts.
 */
export function sealCredential(ring: SealRing, context: SealContext, plaintext: string): Sealed {
  return sealCredentialWith(ephemeralPair(), ring, context, plaintext)
}

/** As `sealCredential` with a given ephemeral key pair, which must never seal twice. */
export function sealCredentialWith(
  ephemeral: PrivateHalf,
  ring: SealRing,
  context: SealContext,
  plaintext: string,
): Sealed {
  const { kid, key } = sealRings.reveal(ring).primary
  return sealTo(kid, key, ephemeral, context, plaintextBytes(plaintext))
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
      return sealTo(kid, key, ephemeralPair(), context, plaintext)
    } finally {
      plaintext.fill(0)
    }
  })
}

function sealTo(
  kid: string,
  key: Recipient,
  ephemeral: PrivateHalf,
  context: SealContext,
  plaintext: Uint8Array,
): Sealed {
  const bound = associatedData(FORMAT, kid, context)
  const { enc, ciphertext } = hpkeSeal(ephemeral, key, bound, plaintext)
  return formatEnvelope({ format: FORMAT, kid, head: enc, body: ciphertext })
}

/**
 * A dialer opens the same credentials for call after call, and most of the time goes into agreeing
 * on the message's key. That key is kept, no plaintext is: every opening checks its text and context
 * anew, and whoever reads the memory of this process has the ring's own key beside it.
 */
function openBytes(ring: OpenRing, context: SealContext, sealed: string): Buffer {
  const { kid, head: enc, body: ciphertext } = envelopeOf(FORMAT, sealed)
  const opener = openRings.reveal(ring).byId.get(kid)
  if (opener === undefined) throw unsealFailed()
  const bound = associatedData(FORMAT, kid, context)
  const name = enc.toString('latin1')
  const remembered = opener.opened.get(name)
  const { key, baseNonce } = remembered ?? messageKey(opener, enc)
  const plaintext = aeadOpen(key, baseNonce, bound, ciphertext)
  if (remembered === undefined) opener.opened.remember(name, { key, baseNonce })
  return plaintext
}
