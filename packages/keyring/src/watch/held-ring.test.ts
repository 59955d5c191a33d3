import { inspect } from 'node:util'
import { parseContentRing } from '@callwire/crypto'
import { expect, test } from 'vitest'
import { heldRing } from './held-ring.ts'

const key = Buffer.alloc(32, 7).toString('base64')
const issues = () => {
  const told: string[] = []
  return { told, addIssue: ({ message }: { message: string }) => void told.push(message) }
}

test('a ring in a configuration shows no key, however the configuration is printed', () => {
  const held = heldRing('CONTENT_KEYS', parseContentRing)(`k1:${key}`, issues())
  expect(held.text.reveal()).toBe(`k1:${key}`)
  for (const printed of [inspect(held, { depth: null, showHidden: true }), JSON.stringify(held)]) {
    expect(printed).not.toContain(key.slice(0, 12))
  }
})

test('a text that is no ring is refused by the rule, never by its value', () => {
  const seen = issues()
  heldRing('CONTENT_KEYS', parseContentRing)(`k1:${key}x`, seen)
  expect(seen.told).toEqual(['must be a key ring like CONTENT_KEYS is derived'])
})
