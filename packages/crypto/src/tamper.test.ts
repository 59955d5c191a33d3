import { describe, expect, it } from 'vitest'
import { openContent, sealContent } from './content.ts'
import { openCredential, sealCredential } from './credential.ts'
import { createDataKey, openDataKey, openWithDataKey, sealWithDataKey } from './data-key.ts'
import { outcomeOf, UNSEAL_FAILED } from './testing/outcome.ts'
import { context, ringsOf } from './testing/samples.ts'

const { seal, open, content } = ringsOf(1)
const call = { tenantId: 'ten_1', callId: 'cal_1' }
const { dataKey, wrapped } = createDataKey(content, call)
const text = '9ec3a1d2f6b84b07a9b5c8d7e6f50413abcd'

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
const LETTERS = [...Array.from(ALPHABET), '.', '=', '+', '/', ' ', '\n', '\0', 'é', '\ufeff']

const cases: [string, string, (sealed: string) => unknown][] = [
  ['cw1c', sealCredential(seal, context, text), (sealed) => openCredential(open, context, sealed)],
  ['cw1d', sealContent(content, context, text), (sealed) => openContent(content, context, sealed)],
  ['cw1k', wrapped, (sealed) => openDataKey(content, call, sealed)],
  [
    'cw1e',
    sealWithDataKey(dataKey, context, text),
    (sealed) => openWithDataKey(dataKey, context, sealed),
  ],
]

describe.each(cases)('%s', (_format, sealed, openIt) => {
  const opening = (changed: string[]) =>
    changed.filter((one) => {
      if (one === sealed) return false
      const outcome = outcomeOf(() => openIt(one))
      return JSON.stringify(outcome) !== JSON.stringify(UNSEAL_FAILED)
    })
  const places = Array.from({ length: sealed.length + 1 }, (_, place) => place)

  it('opens unchanged', () => {
    expect(outcomeOf(() => openIt(sealed))).toHaveProperty('result')
  })

  it('opens with no character replaced', () => {
    const changed = places.flatMap((at) =>
      LETTERS.map((letter) => sealed.slice(0, at) + letter + sealed.slice(at + 1)),
    )
    expect(opening(changed)).toEqual([])
  })

  it('opens with no character inserted', () => {
    const changed = places.flatMap((at) =>
      LETTERS.map((letter) => sealed.slice(0, at) + letter + sealed.slice(at)),
    )
    expect(opening(changed)).toEqual([])
  })

  it('opens with none removed, none swapped with the next, cut nowhere', () => {
    const changed = places.flatMap((at) => [
      sealed.slice(0, at) + sealed.slice(at + 1),
      sealed.slice(0, at) + sealed.charAt(at + 1) + sealed.charAt(at) + sealed.slice(at + 2),
      sealed.slice(0, at),
      sealed.slice(at),
    ])
    expect(opening(changed)).toEqual([])
  })

  it('opens with no field taken from another value of the same context', () => {
    const [other] = cases
      .filter(([, theirs]) => theirs !== sealed)
      .map(([, theirs]) => theirs.split('.'))
    const fields = sealed.split('.')
    const mixed = fields.map((_, place) =>
      fields.map((field, at) => (at === place ? (other?.at(at) ?? '') : field)).join('.'),
    )
    expect(opening(mixed)).toEqual([])
  })
})

it('does not take a salt that HMAC would pad to the same key', () => {
  const sealed = sealContent(content, context, text)
  const [format, kid, head = '', body] = sealed.split('.')
  const bytes = Buffer.from(head, 'base64url')
  const padded = Buffer.concat([bytes.subarray(0, 16), Buffer.alloc(1), bytes.subarray(16)])
  const changed = [format, kid, padded.toString('base64url'), body].join('.')
  expect(outcomeOf(() => openContent(content, context, changed))).toEqual(UNSEAL_FAILED)
})
