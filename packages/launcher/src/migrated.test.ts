import { DbError } from '@callwire/db'
import { describe, expect, it } from 'vitest'

import { migrated } from './migrated.ts'

const fail = (error: Error) => () => Promise.reject(error)

describe('migrated', () => {
  it.each([
    [new DbError({ code: 'unavailable' }), 'cannot be reached'],
    [new DbError({ code: 'permission', sqlstate: '28P01' }), 'refuses the login'],
    [new DbError({ code: 'permission', sqlstate: '42501' }), 'lacks a right'],
    [new DbError({ code: 'internal', sqlstate: '3D000' }), 'does not exist'],
  ])('names DATABASE_URL and what is wrong with it', async (error, words) => {
    const outcome = migrated(fail(error), true)
    await expect(outcome).rejects.toThrow('DATABASE_URL')
    await expect(outcome).rejects.toThrow(words)
  })

  it('leaves alone what is no fault of a variable', async () => {
    const error = new DbError({ code: 'unavailable' })
    await expect(migrated(fail(error), false)).rejects.toBe(error)
    const old = new DbError({ code: 'migration', message: 'PostgreSQL is too old.' })
    await expect(migrated(fail(old), true)).rejects.toBe(old)
  })
})
