import { expect, test } from 'vitest'
import { createSaid } from './said.ts'

test('a loss is told when a whole gap holds it', () => {
  const said = createSaid()
  said.gap({ startMs: 100, endMs: 400 })
  expect(said.hasGap({ startMs: 100, endMs: 200 })).toBe(true)
  expect(said.hasGap({ startMs: 300, endMs: 500 })).toBe(false)
  expect(said.unsaid({ startMs: 100, endMs: 400, text: 'x' })).not.toBeNull()
})
