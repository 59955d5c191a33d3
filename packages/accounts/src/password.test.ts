import { scryptSync } from 'node:crypto'
import { expect, test } from 'vitest'
import { hashPassword, verifyPassword } from './password.ts'

test('a hash has its own salt and opens for its password alone', async () => {
  const [one, two] = [await hashPassword('correct horse'), await hashPassword('correct horse')]
  expect(one).not.toBe(two)
  expect(one).toMatch(/^\$scrypt\$ln=17,r=8,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/)
  expect(await verifyPassword(one, 'correct horse')).toBe(true)
  expect(await verifyPassword(one, 'Correct horse')).toBe(false)
  expect(await verifyPassword(two, '')).toBe(false)
})

/** A hash with little cost, as another implementation would write it. */
function cheapHash(password: string, costs = 'ln=4,r=8,p=1'): string {
  const salt = Buffer.from('0123456789abcdef')
  const key = scryptSync(password, salt, 32, { N: 16, r: 8, p: 1 })
  const plain = (bytes: Buffer) => bytes.toString('base64').replaceAll('=', '')
  return `$scrypt$${costs}$${plain(salt)}$${plain(key)}`
}

test('the parameters come from the hash, and letters have one spelling', async () => {
  expect(await verifyPassword(cheapHash('caf\u00e9'), 'cafe\u0301')).toBe(true)
})

test.each([
  ['nothing', ''],
  ['another scheme', '$argon2id$v=19$m=1,t=1,p=1$c2FsdA$aGFzaA'],
  ['no parameters', cheapHash('x', '')],
  ['too much memory asked for', cheapHash('x', 'ln=30,r=8,p=1')],
  ['too many lanes', cheapHash('x', 'ln=4,r=8,p=99')],
  ['a cost of zero', cheapHash('x', 'ln=0,r=8,p=1')],
  ['something behind', `${cheapHash('x')}$more`],
])('%s is no hash', async (_name, hash) => {
  expect(await verifyPassword(hash, 'x')).toBe(false)
})
