import { openContent, openCredential } from '@callwire/crypto'
import { bareContent } from './crypto/bare-content.ts'
import { bareCredential } from './crypto/bare-credential.ts'
import { derivePerDecrypt } from './crypto/derive-per-decrypt.ts'
import {
  content,
  contentRing,
  context,
  credential,
  credentials,
  openRing,
  token,
} from './crypto/sample.ts'
import type { Bench, Figure, Limit } from './lib/bench.ts'
import { sideBySide } from './lib/side-by-side.ts'

const MICROS = 'µs'
const TIMES = '×'

const TO_BARE = { atMost: 1.6 }
const TO_ORIGIN = { atLeast: 500 }
const OVERHEAD = { atMost: 150 }

const QUICK = { rounds: 301, turnMs: 3 }
/** A turn of the slow side is one call. */
const SLOW = { rounds: 15, turnMs: 10 }

export const crypto: Bench = {
  about: 'opening sealed values against bare node:crypto and against a key derived per decryption',
  run: () => Promise.resolve([...opening(), ...contents(), ...overheads()]),
}

function opening() {
  let turn = 0
  const sides = {
    first: () => openCredential(openRing, context, credentials[turn++ % credentials.length] ?? ''),
    again: () => openCredential(openRing, context, credential),
    bare: same(bareCredential()),
    origin: same(derivePerDecrypt()),
  }
  const { first, again, bare, origin } = sides
  const quick = sideBySide({ first, bare }, QUICK)
  const slow = sideBySide({ first, again, origin }, SLOW)
  return [
    figure('open a credential', quick.micros.first, MICROS),
    figure('its bare calls', quick.micros.bare, MICROS),
    figure('credential to bare calls', quick.ratio('first', 'bare'), TIMES, TO_BARE),
    figure('open it again, as for the next call', slow.micros.again, MICROS),
    figure('derive and decrypt, as the origin did', slow.micros.origin, MICROS),
    figure('that to a credential’s first opening', slow.ratio('origin', 'first'), TIMES),
    figure('that to its opening again', slow.ratio('origin', 'again'), TIMES, TO_ORIGIN),
  ]
}

function contents() {
  const open = () => openContent(contentRing, context, content)
  const { micros, ratio } = sideBySide({ open, bare: same(bareContent()) }, QUICK)
  return [
    figure('open content', micros.open, MICROS),
    figure('its bare calls', micros.bare, MICROS),
    figure('content to bare calls', ratio('open', 'bare'), TIMES, TO_BARE),
  ]
}

function overheads() {
  const of = (sealed: string) => sealed.length - token.length
  return [
    figure('credential envelope beyond its token', of(credential), 'characters', OVERHEAD),
    figure('content envelope beyond its token', of(content), 'characters', OVERHEAD),
  ]
}

function figure(name: string, value: number, unit: string, limit?: Limit): Figure {
  return { name, value, unit, ...(limit && { limit }) }
}

/** A side that opened something else would be compared for nothing. */
function same<Result extends string | Buffer>(work: () => Result): () => Result {
  if (work().toString() !== token)
    throw new Error('A side of the comparison does not open the token')
  return work
}
