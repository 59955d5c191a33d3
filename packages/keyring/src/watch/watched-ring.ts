import { CryptoError, describeRing, rearrangeRing, type KeyRing } from '@callwire/crypto'
import type { KeyStore, SealedPlace } from '@callwire/db'
import type { Logger, Secret } from '@callwire/runtime'
import { checkName, parseNamedRing, placesOf, type RingName } from '../rings.ts'
import { decideRing } from './decide-ring.ts'
import { readRingFile } from './ring-file.ts'

/** What the database says of keys at one look. */
export type KeyFacts = {
  primary: string | null
  retired: readonly string[]
  named: readonly { place: SealedPlace; kid: string }[]
}

/** One ring of this process, and the text it was last arranged from. */
export type WatchedRing = {
  readonly name: RingName
  kids(): string[]
  sealing(): string
  /** Looks at the file. A text that cannot be used is told once and left alone. */
  look(): Promise<void>
  /** True when the file says something that is not taken up yet. */
  pending(): boolean
  /** Decides with these facts; what it gives back carries the decision out, at once and whole. */
  prepare(facts: KeyFacts): () => void
}

export function createWatchedRing(
  held: { name: RingName; ring: KeyRing; text: Secret; file: string | null },
  o: { keys: Pick<KeyStore, 'confirmChecks'>; log: Logger },
): WatchedRing {
  const { name, ring, file } = held
  let current = { text: held.text.reveal(), kids: kidsOf(ring) }
  let candidate: { text: string; kids: string[] } | null = null
  let arranged = ''
  let told = ''

  /** A broken file is read every two seconds: it is worth one line, not one line each time. */
  const tellOnce = (reason: string, text: string, kids: readonly string[] = []) => {
    if (told === `${reason} ${text}`) return
    told = `${reason} ${text}`
    o.log.warn({ ring: name, reason, kids }, 'ring file not taken up')
  }

  const read = async (text: string): Promise<typeof candidate> => {
    const keys = keysOf(name, text)
    if (keys === null) {
      tellOnce('malformed', text)
      return null
    }
    const others = await o.keys.confirmChecks(checkName(name), keys)
    if (others.length > 0) {
      tellOnce('another key under the same id', text, others)
      return null
    }
    return { text, kids: keys.map(({ kid }) => kid) }
  }

  return {
    name,
    kids: () => kidsOf(ring),
    sealing: () => describeRing(ring).primary,
    look: async () => {
      if (file === null) return
      const text = await readRingFile(file)
      if (text === null) tellOnce('unreadable', '')
      candidate = text === null || text === current.text ? null : await read(text)
    },
    pending: () => candidate !== null,
    prepare: ({ primary, retired, named }) => {
      const places = placesOf(name)
      const facts = {
        held: kidsOf(ring),
        sealing: describeRing(ring).primary,
        primary,
        retired,
        named: named.filter(({ place }) => places.includes(place)).map(({ kid }) => kid),
      }
      let next = candidate ?? current
      let decision = decideRing({ ...facts, offered: next.kids })
      if (decision.kind === 'keep' && candidate !== null) {
        tellOnce('lacks keys that are needed', candidate.text, decision.lacking)
        next = current
        decision = decideRing({ ...facts, offered: current.kids })
      }
      if (decision.kind === 'keep') return () => undefined
      const { primary: sealer, drop } = decision
      const arrangement = JSON.stringify([next.text, sealer, drop])
      return () => {
        if (arrangement === arranged) return
        rearrangeRing(ring, next.text, { primary: sealer, retired: drop })
        if (arranged !== '') o.log.info({ ring: name, kids: kidsOf(ring), sealer }, 'ring arranged')
        current = next
        arranged = arrangement
        if (next === candidate) candidate = null
      }
    },
  }
}

function kidsOf(ring: KeyRing): string[] {
  return describeRing(ring).keys.map(({ kid }) => kid)
}

function keysOf(name: RingName, text: string) {
  try {
    return describeRing(parseNamedRing(name, text)).keys
  } catch (error) {
    if (error instanceof CryptoError) return null
    throw error
  }
}
