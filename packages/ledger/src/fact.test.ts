import { mask } from '@callwire/masking'
import { expect, test } from 'vitest'
import { textOfFact, type NewFact } from './fact.ts'

const words = mask('namaste')
const final = {
  utteranceId: `utt_${'0'.repeat(24)}`,
  rev: 1,
  startMs: 0,
  endMs: 10,
  provider: 'loopback',
  ...words,
}

test('a fact becomes canonical text', () => {
  expect(textOfFact({ type: 'transcript.gap', data: { toMs: 2, reason: 'x', fromMs: 1 } })).toBe(
    '{"fromMs":1,"reason":"x","toMs":2}',
  )
  expect(textOfFact({ type: 'transcript.final', data: final })).toContain('"text":"namaste"')
})

test.each([
  ['a field too many', { type: 'transcript.gap', data: { fromMs: 1, toMs: 2, reason: 'x', y: 1 } }],
  ['half a millisecond', { type: 'transcript.gap', data: { fromMs: 0.5, toMs: 2, reason: 'x' } }],
  ['a field too few', { type: 'stream.dtmf', data: { atMs: 1 } }],
  ['a lone surrogate', { type: 'transcript.final', data: { ...final, text: '\ud800' } }],
])('%s is refused', (_name, fact) => {
  expect(() => textOfFact(fact as unknown as NewFact)).toThrow(
    expect.objectContaining({ code: 'invalid_fact' }),
  )
})
