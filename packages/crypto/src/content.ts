import { randomBytes } from 'node:crypto'
import type { SealContext } from './context.ts'
import { unsealFailed } from './errors.ts'
import { formatEnvelope, type Sealed } from './format.ts'
import { envelopeOf, opening } from './opening.ts'
import { plaintextBytes } from './plaintext.ts'
import { openRecord, SALT_BYTES, sealRecord } from './record.ts'
import { contentRings, type ContentRing } from './rings/secret-rings.ts'

/** Content itself, or a call's data key: different formats, so that neither opens as the other. */
type RingFormat = 'cw1d' | 'cw1k'

/**
 * Seals content under the ring's primary key: AES-256-GCM under a sub-key of the record's own.
 * At most 1 MiB. Throws `invalid_input` for a context without its mandatory parts.
 */
export function sealContent(
  ring: ContentRing,
  context: SealContext,
  plaintext: string | Uint8Array,
): Sealed {
  return sealUnderRing('cw1d', randomBytes(SALT_BYTES), ring, context, plaintext)
}

/** Opens content with the key of the ring that its text names. Throws `unseal_failed`. */
export function openContent(ring: ContentRing, context: SealContext, sealed: string): Buffer {
  return openUnderRing('cw1d', ring, context, sealed)
}

/**
 * Seals content anew under the ring's primary key, with the same context. The plaintext does not
 * leave this function. Throws `unseal_failed`.
 */
export function resealContent(ring: ContentRing, context: SealContext, sealed: string): Sealed {
  return resealUnderRing('cw1d', ring, context, sealed)
}

/** As `sealContent` with a given salt, which must be random and never serve twice. */
export function sealUnderRing(
  format: RingFormat,
  salt: Uint8Array,
  ring: ContentRing,
  context: SealContext,
  plaintext: string | Uint8Array,
): Sealed {
  const { kid, key } = contentRings.reveal(ring).primary
  return formatEnvelope(sealRecord({ format, kid, key }, salt, context, plaintextBytes(plaintext)))
}

export function openUnderRing(
  format: RingFormat,
  ring: ContentRing,
  context: SealContext,
  sealed: string,
): Buffer {
  return opening(() => {
    const envelope = envelopeOf(format, sealed)
    const { kid } = envelope
    const key = contentRings.reveal(ring).byId.get(kid)
    if (key === undefined) throw unsealFailed()
    return openRecord({ format, kid, key }, context, envelope)
  })
}

/** Opens and seals again under the primary key; `accepts` may refuse what was inside. */
export function resealUnderRing(
  format: RingFormat,
  ring: ContentRing,
  context: SealContext,
  sealed: string,
  accepts: (plaintext: Buffer) => boolean = () => true,
): Sealed {
  const plaintext = openUnderRing(format, ring, context, sealed)
  try {
    if (!accepts(plaintext)) throw unsealFailed()
    return sealUnderRing(format, randomBytes(SALT_BYTES), ring, context, plaintext)
  } finally {
    plaintext.fill(0)
  }
}
