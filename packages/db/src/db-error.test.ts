import { DrizzleQueryError } from 'drizzle-orm'
import { DatabaseError } from 'pg'
import { inspect } from 'node:util'
import { expect, test } from 'vitest'
import { DbError, isUniqueViolation, toDbError } from './db-error.ts'

const SECRET = 'hunter2-secret'

const refused = (code: string, constraint = 'users_email') =>
  new DrizzleQueryError(
    `insert into users values ('${SECRET}')`,
    [SECRET],
    Object.assign(new DatabaseError(`duplicate ${SECRET}`, 0, 'error'), {
      code,
      constraint,
      detail: `Key (email)=(${SECRET})`,
    }),
  )

test.each([
  ['23505', 'conflict', false],
  ['23503', 'foreign_key', false],
  ['23514', 'invalid', false],
  ['22P02', 'invalid', false],
  ['42501', 'permission', false],
  ['28P01', 'permission', false],
  ['40P01', 'unavailable', true],
  ['57014', 'unavailable', true],
  ['57P01', 'unavailable', true],
  ['53300', 'unavailable', true],
  ['42P01', 'internal', false],
])('SQLSTATE %s is %s', (sqlstate, code, retryable) => {
  expect(toDbError(refused(sqlstate))).toMatchObject({ code, sqlstate, retryable })
})

test('nothing of the driver or the values is left', () => {
  const error = toDbError(refused('23505'))
  expect(error).toBeInstanceOf(DbError)
  expect(inspect(error, { depth: 10, showHidden: true })).not.toContain(SECRET)
  expect(JSON.stringify(error)).not.toContain(SECRET)
})

test.each([
  ['a cut connection', new Error('Connection terminated unexpectedly')],
  ['a silent connection', new DrizzleQueryError(SECRET, [SECRET], new Error('Query read timeout'))],
  [
    'a refused connection',
    Object.assign(new Error(SECRET), { code: 'ECONNREFUSED', syscall: 'connect' }),
  ],
])('%s may be tried again', (_name, error) => {
  expect(toDbError(error)).toMatchObject({ code: 'unavailable', retryable: true })
})

test('an error of the caller comes back as it is', () => {
  const own = new Error('mine')
  expect(toDbError(own)).toBe(own)
})

test('a unique violation is recognised before and after it was wrapped', () => {
  for (const error of [refused('23505'), toDbError(refused('23505'))]) {
    expect(isUniqueViolation(error)).toBe(true)
    expect(isUniqueViolation(error, 'users_email')).toBe(true)
    expect(isUniqueViolation(error, 'phones_number')).toBe(false)
  }
  expect(isUniqueViolation(refused('23503'))).toBe(false)
})
