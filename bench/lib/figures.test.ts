import { describe, expect, it } from 'vitest'
import { keepsLimit, type Figure } from './bench.ts'
import { median } from './median.ts'
import { sideBySide } from './side-by-side.ts'
import { table } from './table.ts'

const figure = (value: number, limit?: Figure['limit']): Figure => ({
  name: 'a figure',
  value,
  unit: '×',
  ...(limit && { limit }),
})

describe('a figure', () => {
  it.each([
    [figure(9), true],
    [figure(1.6, { atMost: 1.6 }), true],
    [figure(1.61, { atMost: 1.6 }), false],
    [figure(500, { atLeast: 500 }), true],
    [figure(499.9, { atLeast: 500 }), false],
    [figure(NaN, { atMost: 1.6 }), false],
    [figure(NaN, { atLeast: 500 }), false],
  ])('%j keeps its limit: %j', (one, kept) => {
    expect(keepsLimit(one)).toBe(kept)
  })

  it('stands in the table with its limit and whether it keeps it', () => {
    const text = table([
      figure(1.234, { atMost: 1.6 }),
      figure(12, { atLeast: 500 }),
      figure(123.4),
    ])
    expect(text.split('\n').slice(2)).toEqual([
      'a figure    1.23 ×  ≤ 1.6 ×  ok',
      'a figure      12 ×  ≥ 500 ×  MISSED',
      'a figure     123 ×',
    ])
  })
})

describe('the median', () => {
  it.each([
    [[3, 1, 2], 2],
    [[10, 9, 1, 2], 5.5],
    [[], NaN],
  ])('of %j is %d', (values, middle) => {
    expect(median(values)).toBe(middle)
  })
})

it('sides take turns, each first as often as the other', () => {
  let order = ''
  const { micros, ratio } = sideBySide(
    { a: () => (order += 'a'), b: () => (order += 'b') },
    { rounds: 4, turnMs: 0 },
  )
  // Each warms up and is counted, then four rounds of turns of one call.
  expect(order).toBe('aabb' + 'ab' + 'ba' + 'ab' + 'ba')
  expect(Object.keys(micros)).toEqual(['a', 'b'])
  expect(ratio('a', 'a')).toBe(1)
})
