import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createCallClock } from './call-clock.ts'

test('audio without holes maps one to one from where it began', () => {
  const clock = createCallClock()
  clock.sent(700, 100)
  clock.sent(800, 100)
  expect(clock.toCallMs(0, 'after')).toBe(700)
  expect(clock.toCallMs(150, 'before')).toBe(850)
})

test('the edge of a hole is before it for an end, after it for a start', () => {
  const clock = createCallClock()
  clock.sent(0, 100)
  clock.sent(500, 100)
  expect(clock.toCallMs(100, 'before')).toBe(100)
  expect(clock.toCallMs(100, 'after')).toBe(500)
  expect(clock.toCallMs(130, 'before')).toBe(530)
})

test('every moment heard maps to where it was heard, whatever holes there are, and never back', () => {
  const pieces = fc.array(
    fc.record({ holeMs: fc.nat(500), ms: fc.integer({ min: 1, max: 200 }) }),
    {
      minLength: 1,
      maxLength: 40,
    },
  )
  fc.assert(
    fc.property(fc.nat(10_000), pieces, (fromMs, list) => {
      const clock = createCallClock()
      const heard: number[] = []
      let callMs = fromMs
      for (const { holeMs, ms } of list) {
        callMs += holeMs
        clock.sent(callMs, ms)
        for (let i = 0; i < ms; i += 1) heard.push(callMs + i)
        callMs += ms
      }
      heard.forEach((atMs, i) => {
        expect(clock.toCallMs(i, 'after')).toBe(atMs)
        // The end of the moment before: on this side of a hole.
        if (i > 0) expect(clock.toCallMs(i, 'before')).toBe((heard[i - 1] ?? 0) + 1)
      })
    }),
    { numRuns: 20 },
  )
})
