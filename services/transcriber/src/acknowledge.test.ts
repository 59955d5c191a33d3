import { expect, test } from 'vitest'
import { createAcknowledger } from './acknowledge.ts'

test('only audio that ends before the words do may go', () => {
  const heard = createAcknowledger()
  heard.read('1-0', 100)
  heard.read('2-0', 200)
  heard.read('3-0', 300)
  expect(heard.upTo(50)).toBeNull()
  expect(heard.upTo(250)).toBe('2-0')
  expect(heard.upTo(250)).toBeNull()
  expect(heard.upTo(1_000)).toBe('3-0')
})
