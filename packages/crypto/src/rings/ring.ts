import { fromKeyText } from '../base64.ts'
import { CryptoError } from '../errors.ts'

const KEY_ID = /^[a-z0-9][a-z0-9-]{0,31}$/

/** A ring is read at every start and after every change; more keys than this is a mistake. */
const MAX_KEYS = 32

/** Keys in order, by id. The first is the primary: it seals, every one opens. */
export type Ring<Key> = {
  readonly primary: { readonly kid: string; readonly key: Key }
  readonly byId: ReadonlyMap<string, Key>
}

/** What may differ from the order of a ring's text, once key ids have a life in the database. */
export type Arrangement = {
  /** The key that seals; without one it is the first of the text. */
  readonly primary?: string | null
  /** Keys to leave out, whether the text has them or not. */
  readonly retired?: readonly string[]
}

export function isKeyId(text: string): boolean {
  return KEY_ID.test(text)
}

/**
 * Reads `kid:base64[,kid:base64…]`, where each key is `keyBytes` bytes long. Spaces and line ends
 * around an entry are ignored. Throws `invalid_key` naming the rule and the entry's position,
 * never its text: what stands in the place of a key id may be a key.
 */
export function parseRing<Key>(
  text: string,
  keyBytes: number,
  importKey: (bytes: Buffer, kid: string) => Key,
  arrangement: Arrangement = {},
): Ring<Key> {
  const entries = text.split(',').map((entry) => entry.trim())
  if (entries.length > MAX_KEYS) throw invalid(`A key ring has at most ${MAX_KEYS} keys`)
  const byId = new Map<string, Key>()
  for (const [index, entry] of entries.entries()) {
    const position = `Entry ${index + 1} of the key ring`
    if (entry === '') throw invalid(`${position} is empty`)
    const colon = entry.indexOf(':')
    if (colon < 0) throw invalid(`${position} is not of the form kid:base64`)
    const kid = entry.slice(0, colon)
    if (!isKeyId(kid)) {
      throw invalid(`${position} has a malformed key id: 1 to 32 of a-z, 0-9 and hyphens`)
    }
    const bytes = fromKeyText(entry.slice(colon + 1))
    if (bytes?.length !== keyBytes) {
      throw invalid(`${position} is not the base64 of ${keyBytes} bytes`)
    }
    if (byId.has(kid)) throw invalid(`${position} repeats a key id`)
    byId.set(kid, importKey(bytes, kid))
  }
  return arranged(byId, arrangement)
}

function arranged<Key>(keys: Map<string, Key>, { primary, retired = [] }: Arrangement): Ring<Key> {
  for (const kid of retired) keys.delete(kid)
  const [first] = keys.keys()
  const kid = primary ?? first
  if (kid === undefined) throw invalid('Every key of the key ring is retired')
  const key = keys.get(kid)
  if (key === undefined) throw invalid('The key ring lacks its primary key')
  keys.delete(kid)
  return { primary: { kid, key }, byId: new Map([[kid, key], ...keys]) }
}

function invalid(message: string): CryptoError {
  return new CryptoError('invalid_key', message)
}
