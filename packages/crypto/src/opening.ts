import { CryptoError, unsealFailed } from './errors.ts'
import { parseEnvelope, type Envelope, type Format } from './format.ts'

/**
 * Runs an opening so that whatever fails in it looks the same from outside: also a context that
 * could never have been sealed.
 */
export function opening<Result>(work: () => Result): Result {
  try {
    return work()
  } catch (error) {
    if (error instanceof CryptoError) throw unsealFailed()
    throw error
  }
}

/** The parts of a text in the expected format. Throws `unseal_failed`. */
export function envelopeOf(format: Format, text: string): Envelope {
  const envelope = parseEnvelope(text)
  if (envelope?.format !== format) throw unsealFailed()
  return envelope
}
