import {
  parseContentRing,
  parseMacRing,
  parseOpenRing,
  parseSealRing,
  type KeyRing,
  type ServiceKeys,
} from '@callwire/crypto'
import { sealedPlaces, type SealedPlace } from '@callwire/db'

export type RingName = keyof ServiceKeys

/**
 * The name under which a ring's check values are kept: one for both halves of a pair, so that a
 * public half and a private half which do not belong together are found out.
 */
export function checkName(name: RingName): string {
  return name.replace(/(_SEAL|_OPEN)?_KEYS$/, '').toLowerCase()
}

/** The places whose rows a ring seals or opens: the ones it must be complete for. */
export function placesOf(name: RingName): readonly SealedPlace[] {
  if (name === 'CONTENT_KEYS') {
    const paired = Object.values(pairedPlaces).flat()
    return sealedPlaces.filter((place) => !paired.includes(place))
  }
  return pairedPlaces[checkName(name)] ?? []
}

/** Places sealed to a pair of rings, whose halves are apart. All others are under the content ring. */
const pairedPlaces: Readonly<Record<string, readonly SealedPlace[]>> = {
  credential: ['phone_credentials'],
  webhook: ['webhook_secrets'],
}

/** Reads a ring's text apart from the ring that is in use. Throws `invalid_key`. */
export function parseNamedRing(name: RingName, text: string): KeyRing {
  if (name.endsWith('_SEAL_KEYS')) return parseSealRing(text)
  if (name.endsWith('_OPEN_KEYS')) return parseOpenRing(text)
  return name === 'CONTENT_KEYS' ? parseContentRing(text) : parseMacRing(text)
}
