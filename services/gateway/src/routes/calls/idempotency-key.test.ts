import { expect, test } from 'vitest'
import { idempotencyKeyOf } from './idempotency-key.ts'

const long = 'k'.repeat(255)
const names = (...keys: string[]) => keys.flatMap((key) => ['Idempotency-Key', key])

test.each([
  [[], null],
  [['x-key', 'idempotency-key'], null],
  [names('one'), 'one'],
  [names('one, one'), 'one, one'],
  [['idempotency-key', 'one', 'accept', '*/*', 'IDEMPOTENCY-KEY', 'one'], 'one'],
  [names(long, long, long), long],
])('%j has the key %j', (raw, key) => {
  expect(idempotencyKeyOf(raw)).toBe(key)
})

test.each([
  [names('one', 'two'), 'was sent more than once, with different keys'],
  [names('one', 'One'), 'was sent more than once, with different keys'],
  [names('', 'one'), 'was sent more than once, with different keys'],
  [names(''), 'must have 1 to 255 characters'],
  [names(`${long}k`), 'must have 1 to 255 characters'],
])('%j is refused', (raw, message) => {
  expect(() => idempotencyKeyOf(raw)).toThrow(
    expect.objectContaining({
      apiCode: 'validation_failed',
      details: { issues: [{ path: 'headers.idempotency-key', rule: 'custom', message }] },
    }),
  )
})
