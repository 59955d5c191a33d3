import { CryptoError, deriveServiceKeys, parseMasterRing, type ServiceKeys } from '@callwire/crypto'
import { AppError, errorFields, every, type Clock, type Logger } from '@callwire/runtime'

import type { KeysSource } from './keys-source.ts'

/** Operators are told 30 s. */
export const lookEveryMs = 5_000

export type FollowKeys = {
  readonly source: KeysSource
  /** What the source says → `kid:base64,…`. */
  readonly open: (text: string) => Promise<string>
  /** Rejects when keys that are about to go are still needed. */
  readonly requireUnused: (o: { gone: readonly string[]; left: readonly string[] }) => Promise<void>
  readonly write: (keys: ServiceKeys) => void
  /** What services were started with, and the text it came from. */
  readonly keys: ServiceKeys
  readonly text: string
  readonly clock: Clock
  readonly signal: AbortSignal
  readonly log: Logger
  /** For the person at the terminal. */
  readonly tell: (sentence: string) => void
}

/** @throws CryptoError `invalid_key`, what `open` throws */
export async function deriveFrom(
  open: (text: string) => Promise<string>,
  text: string,
): Promise<ServiceKeys> {
  return deriveServiceKeys(parseMasterRing(await open(text)))
}

/**
 * Looks at the master ring's file again and again, and hands a changed ring to every service. What cannot be used is
 * told once and changes nothing: services go on with the keys they have.
 */
export function followKeys(o: FollowKeys): AsyncDisposable {
  let { keys, text: taken } = o
  let told = ''

  let seen = ''

  const look = async (): Promise<void> => {
    seen = ''
    const text = o.source.read()
    seen = text
    if (text !== taken) {
      const next = await deriveFrom(o.open, text)
      await requireSafe(keys, next, o.requireUnused)
      if (o.signal.aborted) return
      o.write(next)
      keys = next
      taken = text
      o.log.info({ kids: kidsOf(next) }, 'keys taken up')
      o.tell(`keys taken up: ${kidsOf(next).join(', ')}`)
    }
    told = ''
  }

  return every(
    lookEveryMs,
    async () => {
      try {
        await look()
      } catch (error) {
        // A stop cuts whatever was being asked.
        if (o.signal.aborted) return
        const sentence = sentenceOf(error)
        const complaint = `${seen} ${sentence}`
        if (complaint !== told) {
          o.log.warn({ ...errorFields(error), problem: sentence }, 'changed keys not taken up')
          o.tell(`The changed ENCRYPTION_KEYS are not taken up: ${sentence}`)
        }
        told = complaint
      }
    },
    { clock: o.clock, signal: o.signal, log: o.log, name: 'keys' },
  )
}

async function requireSafe(
  old: ServiceKeys,
  next: ServiceKeys,
  requireUnused: FollowKeys['requireUnused'],
): Promise<void> {
  const before = entriesOf(old)
  const after = entriesOf(next)
  const changed = [...before].find(([kid, key]) => (after.get(kid) ?? key) !== key)
  if (changed !== undefined) {
    throw new AppError({
      code: 'key_changed',
      message: `Key ${changed[0]} is another one than before: give a new key an id of its own.`,
    })
  }
  const gone = [...before.keys()].filter((kid) => !after.has(kid))
  if (gone.length > 0) await requireUnused({ gone, left: [...after.keys()] })
}

/** Derived by the same rule from the same key, a ring tells keys apart as well as the master ring does. */
function entriesOf(keys: ServiceKeys): Map<string, string> {
  return new Map(
    keys.CONTENT_KEYS.split(',').map((entry): [string, string] => {
      const colon = entry.indexOf(':')
      return [entry.slice(0, colon), entry.slice(colon + 1)]
    }),
  )
}

export function kidsOf(keys: ServiceKeys): string[] {
  return [...entriesOf(keys).keys()]
}

/** Ours and the ring reader's messages name rules and places; anybody else's may hold anything. */
function sentenceOf(error: unknown): string {
  if (error instanceof AppError) return error.message
  if (error instanceof CryptoError) return `${error.message}.`
  return `${errorFields(error).code}.`
}
