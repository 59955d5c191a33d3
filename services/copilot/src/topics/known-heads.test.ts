import { expect, test } from 'vitest'
import { createKnownHeads } from './known-heads.ts'

test('remembers how far each call was told', () => {
  const known = createKnownHeads(1_000)
  expect(known.seqOf('a')).toBe(0)
  known.remember('a', 3, 5_000)
  known.remember('a', 7, 6_000)
  expect(known.seqOf('a')).toBe(7)
})

test('what is older than the first look is old, what is newer is not', () => {
  const known = createKnownHeads(1_000)
  expect(known.isOld(999)).toBe(true)
  expect(known.isOld(1_000)).toBe(false)
})

test('forgets the call that changed longest ago, and what it was told stays old news', () => {
  const known = createKnownHeads(1_000, 2)
  known.remember('a', 1, 2_000)
  known.remember('b', 1, 3_000)
  known.remember('a', 2, 4_000)
  known.remember('c', 1, 5_000)
  expect(['a', 'b', 'c'].map((callId) => known.seqOf(callId))).toEqual([2, 0, 1])
  expect(known.isOld(3_000)).toBe(true)
  expect(known.isOld(3_001)).toBe(false)
})
