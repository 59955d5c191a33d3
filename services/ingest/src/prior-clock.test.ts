import { expect, test } from 'vitest'
import { clockStartOf, laterClock } from './prior-clock.ts'
import { unionOf } from './ranges.ts'

test.each([
  ['the first socket', { firstAudioAtMs: null, clockMs: 0 }, 50_000, 0],
  ['a second one, by wall time', { firstAudioAtMs: 10_000, clockMs: 3_000 }, 15_500, 5_500],
  ['never before what there is', { firstAudioAtMs: 10_000, clockMs: 9_000 }, 15_500, 9_000],
  ['one of a call of long ago', { firstAudioAtMs: 0, clockMs: 9_000 }, 1e12, 86_400_000],
  ['a wall clock that went back', { firstAudioAtMs: 10_000, clockMs: 400 }, 9_000, 400],
])('clock of %s', (_name, prior, arrivedAtMs, expected) => {
  expect(clockStartOf(prior, arrivedAtMs)).toBe(expected)
})

test('of two accounts of a clock the further one counts', () => {
  expect(
    laterClock({ firstAudioAtMs: null, clockMs: 5 }, { firstAudioAtMs: 7, clockMs: 3 }),
  ).toEqual({ firstAudioAtMs: 7, clockMs: 5 })
})

test('ranges that touch are joined, empty ones dropped', () => {
  expect(
    unionOf([
      { fromMs: 30, toMs: 40 },
      { fromMs: 0, toMs: 10 },
      { fromMs: 10, toMs: 20 },
      { fromMs: 15, toMs: 18 },
      { fromMs: 50, toMs: 50 },
    ]),
  ).toEqual([
    { fromMs: 0, toMs: 20 },
    { fromMs: 30, toMs: 40 },
  ])
})
