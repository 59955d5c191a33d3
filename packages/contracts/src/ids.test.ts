import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ID_RANDOM_BYTES, idPrefixes, isId, newId, type IdKind } from './ids.ts'

const kinds = Object.keys(idPrefixes) as IdKind[]
const parts = fc.record({
  nowMs: fc.integer({ min: 0, max: 2 ** 48 - 1 }),
  random: fc.uint8Array({ minLength: ID_RANDOM_BYTES, maxLength: ID_RANDOM_BYTES }),
})

test('every id has the shape of its kind, and of no other', () => {
  fc.assert(
    fc.property(fc.constantFrom(...kinds), parts, (kind, made) => {
      const id = newId(kind, made)
      expect(kinds.filter((other) => isId(other, id))).toEqual([kind])
    }),
  )
})

// Written out: ids that are stored already go on sorting among the new ones.
test.each([
  [1_700_000_000_000, [1, 2, 3, 4, 5, 6, 7, 8, 9], 'cal_065wzsb8000g40r40m30e209'],
  [0, Array<number>(9).fill(255), 'cal_0000000003zzzzzzzzzzzzzz'],
])('at %d ms, of %j, the id is %s', (nowMs, random, id) => {
  expect(newId('call', { nowMs, random: Uint8Array.from(random) })).toBe(id)
})

test('ids sort by the time they were made', () => {
  fc.assert(
    fc.property(parts, parts, (one, other) => {
      fc.pre(one.nowMs < other.nowMs)
      expect(newId('call', one) < newId('call', other)).toBe(true)
    }),
  )
})

test('different bytes make different ids', () => {
  fc.assert(
    fc.property(parts, parts, (one, other) => {
      const same =
        one.nowMs === other.nowMs && Buffer.from(one.random).equals(Buffer.from(other.random))
      expect(newId('call', one) === newId('call', other)).toBe(same)
    }),
  )
})

test.each([
  '',
  'cal_',
  'CAL_0123456789abcdefghjkmnpq',
  'cal_0123456789abcdefghjkmnpi',
  'cal_0123456789abcdefghjkmnpq\n',
  'cal_*',
])('%j is no id', (text) => expect(isId('call', text)).toBe(false))

test('too few random bytes are refused', () => {
  expect(() => newId('call', { nowMs: 0, random: new Uint8Array(8) })).toThrow(RangeError)
})
