import { expect, test } from 'vitest'
import { createWaiting } from './waiting.ts'

test('a place is given back once, and to its own tenant', () => {
  const waiting = createWaiting()
  const leave = waiting.enter('a')
  waiting.enter('a')
  waiting.enter('b')
  expect([waiting.count('a'), waiting.count('b'), waiting.count('c')]).toEqual([2, 1, 0])
  leave()
  leave()
  expect([waiting.count('a'), waiting.count('b')]).toEqual([1, 1])
})
