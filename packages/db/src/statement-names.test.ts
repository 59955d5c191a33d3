import { expect, test } from 'vitest'
import { createStatementNames } from './statement-names.ts'

test('a text is named when it comes again, always the same', () => {
  const nameOf = createStatementNames()
  expect(nameOf('select 1')).toBeUndefined()
  const name = nameOf('select 1')
  // PostgreSQL cuts names at 63 characters: two would become one.
  expect(name).toMatch(/^cw_[0-9a-f]{24}$/)
  expect(nameOf('select 1')).toBe(name)
  expect(nameOf('select 2')).toBeUndefined()
  expect(nameOf('select 2')).not.toBe(name)
})

test('texts without number do not fill a server’s memory', () => {
  const nameOf = createStatementNames()
  const twice = (text: string) => {
    nameOf(text)
    return nameOf(text)
  }
  const named = Array.from({ length: 1_000 }, (_, n) => twice(`select ${n}`)).filter(
    (name) => name !== undefined,
  )
  expect(named).toHaveLength(400)
  expect(nameOf('select 0')).toBe(named[0])
})
