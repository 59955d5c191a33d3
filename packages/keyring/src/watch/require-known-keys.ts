import { sealedPlaces, type KeyStore, type SealedPlace } from '@callwire/db'
import { KeyringError } from '../keyring-error.ts'

/**
 * Refuses a ring that lacks a key which rows are sealed under: they could not be read, and whoever
 * sealed on with what is left would hide it. Looks at every place unless told which.
 *
 * Throws KeyringError `key_missing`, which names key and counts.
 */
export async function requireKnownKeys(
  keys: Pick<KeyStore, 'keyIds' | 'keyRows'>,
  kids: readonly string[],
  o: { places?: readonly SealedPlace[]; variable: string },
): Promise<void> {
  const places = o.places ?? sealedPlaces
  if (places.length === 0) return
  const named = await keys.keyIds()
  const missing = named.filter(({ place, kid }) => places.includes(place) && !kids.includes(kid))
  if (missing.length === 0) return
  const counted = await Promise.all(
    missing.map(async ({ place, kid }) => ({ place, kid, rows: await keys.keyRows(place, kid) })),
  )
  throw new KeyringError('key_missing', o.variable, missingSentence(o.variable, counted))
}

type Counted = { place: SealedPlace; kid: string; rows: number }

export function missingSentence(variable: string, counted: readonly Counted[]): string {
  const kids = [...new Set(counted.map(({ kid }) => kid))]
  const sentences = kids.map((kid) => {
    const places = counted.filter((item) => item.kid === kid)
    const rows = places.reduce((sum, place) => sum + place.rows, 0)
    const list = places.map((item) => `${item.place}: ${grouped(item.rows)}`).join(', ')
    const are = rows === 1 ? 'row is' : 'rows are'
    return `${grouped(rows)} ${are} sealed under key ${kid}, which is not in ${variable} (${list}).`
  })
  const them = kids.length === 1 ? 'that key' : 'those keys'
  return `${sentences.join(' ')} Put ${them} back: without ${kids.length === 1 ? 'it' : 'them'} these rows cannot be read.`
}

/** Groups of three, apart by a thin thing that no locale changes. */
function grouped(n: number): string {
  return String(n).replace(/\B(?=(\d{3})+$)/g, ' ')
}
