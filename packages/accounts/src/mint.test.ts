import { createHash, randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { isApiKey, mintApiKey, mintPassword, mintRefreshToken, parseRefreshToken } from './mint.ts'

const hashOf = (text: string) => createHash('sha256').update(text).digest('hex')

test('an API key carries 32 bytes; what is kept is its hash and four letters', () => {
  const { secret, hash, hint } = mintApiKey((bytes) => Buffer.alloc(bytes, 7))
  expect(secret).toBe(`cw_${Buffer.alloc(32, 7).toString('base64url')}`)
  expect(hash).toBe(hashOf(secret))
  expect(hint).toBe(secret.slice(-4))
  expect(isApiKey(secret)).toBe(true)
  expect(isApiKey(`${secret}A`)).toBe(false)
  expect(isApiKey('eyJhbGciOiJIUzI1NiJ9.e30.x')).toBe(false)
})

test('a password reads well and never repeats', () => {
  expect(mintPassword((bytes) => Buffer.alloc(bytes, 255))).toBe('zzzzzz-zzzzzz-zzzzzz-zzzzzz')
  const many = new Set(Array.from({ length: 100 }, () => mintPassword(randomBytes)))
  expect(many.size).toBe(100)
})

test('refresh tokens of one family differ in their secret', () => {
  const first = mintRefreshToken(randomBytes)
  const next = mintRefreshToken(randomBytes, first.family)
  expect(next.familyHash).toBe(first.familyHash)
  expect(next.hash).not.toBe(first.hash)
  expect(parseRefreshToken(next.token)).toEqual(next)
  for (const text of ['', 'cwr_', first.token.slice(1), `${first.token}x`]) {
    expect(parseRefreshToken(text)).toBeNull()
  }
})
