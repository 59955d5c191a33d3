import { expect, test } from 'vitest'
import { createKeyIds } from './key-ids.ts'

test('of many who find a key’s use not noted, one notes it, and another when that came to nothing', () => {
  const ids = createKeyIds()
  expect([0, 1, 4_999].map((ms) => ids.mayNote('key_1', ms))).toEqual([true, false, false])
  expect(ids.mayNote('key_2', 1)).toBe(true)
  expect(ids.mayNote('key_1', 5_000)).toBe(true)
})

test('remembers whose key a hash is, and forgets rather than grow', () => {
  const ids = createKeyIds()
  const key = { tenantId: 'ten_1', id: 'key_1' }
  ids.set('first', key)
  expect(ids.get('first')).toBe(key)
  expect(ids.get('other')).toBeNull()
  for (let n = 0; n < 10_000; n += 1) ids.set(`hash ${n}`, key)
  expect(ids.get('first')).toBeNull()
  expect(ids.get('hash 9999')).toBe(key)
})
