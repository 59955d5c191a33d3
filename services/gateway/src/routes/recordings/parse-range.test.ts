import { expect, it } from 'vitest'
import { parseRange } from './parse-range.ts'

it.each([
  [undefined, null],
  ['', null],
  ['bytes=0-', [0, 100]],
  ['bytes=0-0', [0, 1]],
  ['bytes=10-19', [10, 20]],
  ['bytes=99-', [99, 100]],
  ['bytes=50-999', [50, 100]],
  ['bytes=-10', [90, 100]],
  ['bytes=-999', [0, 100]],
  ['BYTES=1-2', [1, 3]],
  [' bytes=1-2 ', [1, 3]],
  ['bytes=100-', 'unsatisfiable'],
  ['bytes=100-200', 'unsatisfiable'],
  ['bytes=-0', 'unsatisfiable'],
  ['bytes=20-10', null],
  ['bytes=-', null],
  ['bytes=0-1,5-6', null],
  ['bytes=a-b', null],
  ['bytes 0-1', null],
  ['lines=0-1', null],
  ['bytes=1e3-', null],
  [`bytes=${'9'.repeat(16)}-`, null],
])('%j of 100 bytes is %j', (header, expected) => {
  const range = Array.isArray(expected) ? { from: expected[0], to: expected[1] } : expected
  expect(parseRange(header, 100)).toEqual(range)
})
