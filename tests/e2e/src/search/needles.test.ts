import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createSearch, textSink } from './needles.ts'

const secret = 'kéy with blanks+/="4711'
const search = createSearch({ secret, bytes: Buffer.from('00ff10203040506070', 'hex') })
const found = (text: string | Buffer) =>
  search([typeof text === 'string' ? textSink('here', text) : { name: 'here', bytes: text }])

const wraps: Record<string, (text: string) => string | Buffer> = {
  raw: (text) => text,
  JSON: (text) => JSON.stringify({ text }),
  'JSON in JSON': (text) => JSON.stringify({ text: JSON.stringify({ text }) }),
  base64: (text) => Buffer.from(text).toString('base64'),
  base64url: (text) => Buffer.from(text).toString('base64url'),
  hex: (text) => Buffer.from(text).toString('hex'),
  'upper-case hex': (text) => Buffer.from(text).toString('hex').toUpperCase(),
  'a URL’s part': (text) => encodeURIComponent(text),
  'a form': (text) => new URLSearchParams({ text }).toString(),
  'every byte percent-encoded': (text) => Buffer.from(text).toString('hex').replace(/../g, '%$&'),
  'among bytes': (text) =>
    Buffer.concat([Buffer.from([0, 255]), Buffer.from(text), Buffer.from([254])]),
}

test.each(Object.entries(wraps))('is found as %s, whatever stands around it', (_how, wrap) => {
  const around = fc.string({ unit: 'binary-ascii' })
  fc.assert(
    fc.property(around, around, (before, after) => {
      expect(found(wrap(before + secret + after))).toEqual(['secret in here'])
    }),
  )
})

test('bytes are found as such and in their forms', () => {
  const bytes = Buffer.from('00ff10203040506070', 'hex')
  for (const form of ['hex', 'base64', 'base64url'] as const)
    expect(found(`x${bytes.toString(form)}`)).toEqual(['bytes in here'])
  expect(found(Buffer.concat([randomBytes(5), bytes]))).toEqual(['bytes in here'])
})

test('at the very beginning, at the very end, and nowhere', () => {
  expect(found(secret)).toEqual(['secret in here'])
  expect(found(`${secret}x`)).toEqual(['secret in here'])
  expect(found(secret.slice(0, -1))).toEqual([])
  expect(found('')).toEqual([])
})

test('what is too short to tell anything is refused', () => {
  expect(() => createSearch({ pin: '12345' })).toThrow('pin is too short')
})
