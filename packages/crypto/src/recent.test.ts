import { expect, it } from 'vitest'
import { recent } from './recent.ts'

it('remembers the last so many values and forgets those before', () => {
  const remembered = recent<number>(2)
  remembered.remember('a', 1)
  remembered.remember('b', 2)
  remembered.remember('b', 3)
  expect([remembered.get('a'), remembered.get('b')]).toEqual([1, 3])
  remembered.remember('c', 4)
  expect(['a', 'b', 'c'].map((name) => remembered.get(name))).toEqual([undefined, 3, 4])
})
