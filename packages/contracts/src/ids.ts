import { z } from 'zod'

/** Every kind of thing that has an id, and the prefix its ids carry. */
export const idPrefixes = {
  tenant: 'ten',
  user: 'usr',
  apiKey: 'key',
  phone: 'phn',
  agent: 'agt',
  call: 'cal',
  event: 'evt',
  utterance: 'utt',
  stream: 'str',
  callback: 'cbk',
  audit: 'aud',
  session: 'ses',
  token: 'tok',
  keyJob: 'kjb',
  phoneCheck: 'chk',
  neverCall: 'nvc',
  alert: 'alt',
  webhookEndpoint: 'whe',
  webhookSecret: 'whs',
  webhookMessage: 'msg',
  recording: 'rec',
} as const

export type IdKind = keyof typeof idPrefixes

/** Crockford's base 32 in lower case: no i, l, o or u, so an id survives being read aloud. */
const alphabet = '0123456789abcdefghjkmnpqrstvwxyz'

const TIME_BYTES = 6
/** Random bytes an id needs beside its 48 bits of time. */
export const ID_RANDOM_BYTES = 9

/**
 * Makes an id: prefix, `_`, 24 characters holding 48 bits of time and 72 random bits.
 * Ids of one kind sort by the time they were made, to the millisecond.
 *
 * @param random - exactly {@link ID_RANDOM_BYTES} unpredictable bytes
 */
export function newId(kind: IdKind, parts: { nowMs: number; random: Uint8Array }): string {
  if (parts.random.length !== ID_RANDOM_BYTES) throw new RangeError('an id takes 9 random bytes')
  const bytes = new Uint8Array(TIME_BYTES + ID_RANDOM_BYTES)
  let time = Math.trunc(parts.nowMs) % 2 ** 48
  for (let i = TIME_BYTES - 1; i >= 0; i -= 1) {
    bytes[i] = time % 256
    time = Math.floor(time / 256)
  }
  bytes.set(parts.random, TIME_BYTES)
  let text = ''
  // Five bytes are eight characters.
  for (let i = 0; i < bytes.length; i += 5) text += charactersOf(bytes, i)
  return `${idPrefixes[kind]}_${text}`
}

function charactersOf(bytes: Uint8Array, from: number): string {
  let value = 0
  for (let i = 0; i < 5; i += 1) value = value * 256 + (bytes[from + i] ?? 0)
  let text = ''
  for (let i = 0; i < 8; i += 1) {
    text = alphabet.charAt(value % 32) + text
    value = Math.floor(value / 32)
  }
  return text
}

function patternOf(kind: IdKind): RegExp {
  return new RegExp(`^${idPrefixes[kind]}_[0-9a-hjkmnp-tv-z]{24}$`)
}

function idSchema(kind: IdKind) {
  return z
    .string()
    .regex(patternOf(kind))
    .meta({ description: `Opaque id of a ${kind}` })
}

/** The shape of each kind of id. */
export const idSchemas = {
  tenant: idSchema('tenant'),
  user: idSchema('user'),
  apiKey: idSchema('apiKey'),
  phone: idSchema('phone'),
  agent: idSchema('agent'),
  call: idSchema('call'),
  event: idSchema('event'),
  utterance: idSchema('utterance'),
  stream: idSchema('stream'),
  callback: idSchema('callback'),
  audit: idSchema('audit'),
  session: idSchema('session'),
  token: idSchema('token'),
  keyJob: idSchema('keyJob'),
  phoneCheck: idSchema('phoneCheck'),
  neverCall: idSchema('neverCall'),
  alert: idSchema('alert'),
  webhookEndpoint: idSchema('webhookEndpoint'),
  webhookSecret: idSchema('webhookSecret'),
  webhookMessage: idSchema('webhookMessage'),
  recording: idSchema('recording'),
} as const satisfies Record<IdKind, z.ZodString>

const patterns = new Map(Object.keys(idPrefixes).map((kind) => [kind, patternOf(kind as IdKind)]))

/** True when `text` has the shape of an id of that kind. Says nothing of whether it exists. */
export function isId(kind: IdKind, text: string): boolean {
  return patterns.get(kind)?.test(text) ?? false
}
