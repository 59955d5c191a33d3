import { expect, test } from 'vitest'
import { createWaiting } from './waiting.ts'

test('a place is given back once, and to its own tenant', () => {
  const waiting = createWaiting()
  const count = (tenantId: string) => waiting.count(tenantId, null)
  const leave = waiting.enter('a', null)
  waiting.enter('a', null)
  waiting.enter('b', null)
  expect([count('a'), count('b'), count('c')]).toEqual([2, 1, 0])
  leave()
  leave()
  expect([count('a'), count('b')]).toEqual([1, 1])
})

test('sockets of one call are one, and none to a further one of it', () => {
  const waiting = createWaiting()
  const leave = [waiting.enter('a', 'call-1'), waiting.enter('a', 'call-1')]
  waiting.enter('a', 'call-2')
  waiting.enter('a', null)
  expect(waiting.count('a', null)).toBe(3)
  expect(waiting.count('a', 'call-1')).toBe(2)
  expect(waiting.count('a', 'call-3')).toBe(3)
  leave[0]?.()
  expect(waiting.count('a', null)).toBe(3)
  leave[1]?.()
  expect(waiting.count('a', null)).toBe(2)
})
