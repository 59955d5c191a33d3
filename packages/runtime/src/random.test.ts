import { expect, test } from 'vitest'
import { createSystemRandom } from './random.ts'

test('gives as many bytes as are asked for, none twice, across the end of what is drawn ahead', () => {
  const random = createSystemRandom()
  const given = Array.from({ length: 2_000 }, (_, n) => random(9 + (n % 3) * 4))
  expect(given.map(({ length }) => length)).toEqual(given.map((_, n) => 9 + (n % 3) * 4))
  expect(new Set(given.map((bytes) => bytes.toString('hex'))).size).toBe(2_000)
})

test('bytes that were given stay as they are', () => {
  const random = createSystemRandom()
  const first = random(16)
  const seen = first.toString('hex')
  for (let n = 0; n < 1_000; n += 1) random(16).fill(0)
  expect(first.toString('hex')).toBe(seen)
})

test.each([0, 1, 256, 257, 5_000])('%d bytes at once', (bytes) => {
  const random = createSystemRandom()
  expect(random(bytes)).toHaveLength(bytes)
  if (bytes > 16) expect(random(bytes).equals(random(bytes))).toBe(false)
})
