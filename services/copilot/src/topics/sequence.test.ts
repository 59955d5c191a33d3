import type { CallEvent } from '@callwire/contracts'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createSequence } from './sequence.ts'

const event = (seq: number) => ({ seq }) as CallEvent

test('whatever comes late, early or twice, events go out once and in order', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 50 }),
      fc.array(fc.integer({ min: 1, max: 80 }), { maxLength: 300 }),
      (after, arrivals) => {
        const sequence = createSequence(after)
        const out = arrivals.flatMap((seq) => sequence.take(event(seq))).map((one) => one.seq)
        expect(out).toEqual(Array.from({ length: out.length }, (_, i) => after + 1 + i))
        expect(sequence.last).toBe(after + out.length)
      },
    ),
  )
})

test('when everything has come, everything has gone out and nothing is held', () => {
  fc.assert(
    fc.property(
      fc.shuffledSubarray(
        Array.from({ length: 60 }, (_, i) => i + 1),
        { minLength: 60 },
      ),
      (arrivals) => {
        const sequence = createSequence(0)
        const out = arrivals.flatMap((seq) => sequence.take(event(seq)))
        expect(out).toHaveLength(60)
        expect(sequence.waiting).toBe(0)
      },
    ),
  )
})

test('a hole holds what follows it until the hole is filled', () => {
  const sequence = createSequence(3)
  expect(sequence.take(event(5))).toEqual([])
  expect(sequence.waiting).toBe(1)
  expect(sequence.take(event(4)).map((one) => one.seq)).toEqual([4, 5])
})
