import { expect, test } from 'vitest'
import { AppError } from './app-error.ts'
import { errorFields } from './error-fields.ts'

class QuotaError extends AppError {}

test('gives code and class of our own errors, and nothing else', () => {
  const error = new QuotaError({ code: 'over_quota', message: 'words' })
  expect(errorFields(error)).toEqual({ code: 'over_quota', errorName: 'QuotaError' })
})

test('gives a library code when it looks like one', () => {
  const error = Object.assign(new TypeError('words'), { code: 'ECONNREFUSED' })
  expect(errorFields(error)).toMatchObject({ code: 'ECONNREFUSED', errorName: 'TypeError' })
})

test.each([
  [Object.assign(new Error('x'), { code: 'postgres://user:pass@host' }), 'internal', 'Error'],
  [Object.assign(new Error('x'), { code: 42 }), 'internal', 'Error'],
  [Object.assign(new Error('x'), { name: 'call +91 98' }), 'internal', 'Error'],
  ['a thrown text', 'internal', 'string'],
  [undefined, 'internal', 'undefined'],
])('says no more of %s', (error, code, errorName) => {
  expect(errorFields(error)).toMatchObject({ code, errorName })
})

test('finds the place in the stack and not in the message', () => {
  const error = new Error('first line\n    at secret.ts:1:1')
  expect(errorFields(error).at).not.toBe('secret.ts:1')
  error.stack = 'Error: x\n    at Object.<anonymous> (/a/b/place.ts:12:3)'
  expect(errorFields(error).at).toBe('place.ts:12')
})
