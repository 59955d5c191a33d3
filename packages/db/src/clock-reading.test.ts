import { expect, test } from 'vitest'
import { LONGEST_READING_MS, offsetAfter } from './clock-reading.ts'

type Row = [
  what: string,
  before: number | null,
  reading: [askedMs: number, theirsMs: number, answeredMs: number],
  after: number | null,
]

const rows: Row[] = [
  ['the first reading is its middle', null, [100, 1_105, 110], 1_000],
  ['one that was too slow is not believed', null, [0, 1_000, LONGEST_READING_MS + 1], null],
  ['nor does it change what is believed', 7, [0, 1_000, LONGEST_READING_MS + 1], 7],
  ['one at the bound is believed', null, [0, 1_000, LONGEST_READING_MS], 750],
  ['one that agrees changes nothing', 1_000, [0, 1_050, 400], 1_000],
  ['a narrower one corrects as far as it must', 900, [0, 1_050, 60], 990],
  ['and in the other direction', 1_200, [0, 1_050, 60], 1_050],
  ['a clock that was set is followed at once', 1_000, [0, 500_010, 20], 499_990],
  ['a clock that was set back as well', 500_000, [0, -500_000, 20], -500_000],
]

test.each(rows)('%s', (_what, before, [askedMs, theirsMs, answeredMs], after) => {
  expect(offsetAfter(before, { askedMs, theirsMs, answeredMs })).toBe(after)
})

/** The same numbers in every run. */
function fractions(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
    return state / 2_147_483_648
  }
}

test('whatever the ways there and back, the belief is off by no more than the quickest answer took', () => {
  for (let seed = 1; seed <= 200; seed += 1) {
    const fraction = fractions(seed)
    const offset = (fraction() - 0.5) * 600_000
    let believed: number | null = null
    let quickest = Infinity
    for (let atMs = 0; atMs < 50_000; atMs += 1_000) {
      const wayThere = fraction() ** 4 * 700
      const wayBack = fraction() ** 4 * 700
      const answeredMs = atMs + wayThere + wayBack
      const theirsMs = atMs + wayThere + offset
      believed = offsetAfter(believed, { askedMs: atMs, theirsMs, answeredMs })
      if (wayThere + wayBack <= LONGEST_READING_MS) {
        quickest = Math.min(quickest, wayThere + wayBack)
      }
      if (believed === null) expect(quickest).toBe(Infinity)
      else expect(Math.abs(believed - offset)).toBeLessThanOrEqual(quickest + 1e-6)
    }
    expect(believed).not.toBeNull()
  }
})
