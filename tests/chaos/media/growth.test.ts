import { expect, test } from 'vitest'
import { growthOf, quantile, settled } from './growth.ts'

test.each([
  [[5, 5, 5, 5, 5, 5], 0],
  [[1, 2, 3, 4, 5, 6, 7, 8, 9], 6],
  // One spike is no growth.
  [[1, 1, 1, 1, 1, 1, 1, 90, 1], 0],
  [[9, 9, 9, 5, 5, 5, 1, 1, 1], -8],
])('of %j it is %d', (samples, growth) => {
  expect(growthOf(samples)).toBe(growth)
})

test('how low they come counts where a collector works', () => {
  const saw = [10, 50, 90, 10, 50, 90, 11, 50, 99]
  expect(growthOf(saw, 0)).toBe(1)
  expect(settled([90, 1, 2, 3, 4, 5, 6, 7])).toEqual([2, 3, 4, 5, 6, 7])
})

test('of too little nothing can be said', () => {
  expect(growthOf([1, 2])).toBeNaN()
  expect(quantile([], 0.99)).toBeNaN()
})

test.each([
  [0.5, 50],
  [0.99, 99],
  [1, 100],
  [0, 1],
])('the quantile %d of 1 to 100 is %d', (share, value) => {
  const values = Array.from({ length: 100 }, (_, n) => 100 - n)
  expect(quantile(values, share)).toBe(value)
})
