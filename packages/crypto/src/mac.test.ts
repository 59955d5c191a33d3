import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { constantTimeEqual } from './constant-time-equal.ts'
import { macToken, verifyMacToken } from './mac.ts'
import { parseMacRing } from './rings/secret-rings.ts'
import { ringsOf } from './testing/samples.ts'
import { randomToken, sha256Hex } from './token.ts'

const { mac: ring, keys } = ringsOf(1)

describe('a MAC token', () => {
  const token = macToken(ring, 'callback', 'cal_1')

  it('verifies for its purpose and message', () => {
    expect(token).toMatch(/^[\w-]{43}$/)
    expect(verifyMacToken(ring, 'callback', 'cal_1', token)).toBe(true)
  })

  it.each([
    ['another purpose', 'edge', 'cal_1', token],
    ['another message', 'callback', 'cal_2', token],
    ['a moved boundary', 'callbackc', 'al_1', token],
    ['a shorter token', 'callback', 'cal_1', token.slice(0, -1)],
    ['a longer token', 'callback', 'cal_1', `${token}A`],
    ['padding', 'callback', 'cal_1', `${token}=`],
    ['no token', 'callback', 'cal_1', ''],
  ])('does not verify for %s', (_name, purpose, message, given) => {
    expect(verifyMacToken(ring, purpose, message, given)).toBe(false)
  })

  it('has one spelling: no other last character passes', () => {
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
    const spellings = Array.from(alphabet, (letter) => token.slice(0, -1) + letter)
    const passing = spellings.filter((text) => verifyMacToken(ring, 'callback', 'cal_1', text))
    expect(passing).toEqual([token])
  })

  it('verifies under every key of the ring and no other', () => {
    const both = parseMacRing(`${ringsOf(2, 'k2').keys.CALLBACK_KEYS},${keys.CALLBACK_KEYS}`)
    expect(verifyMacToken(both, 'callback', 'cal_1', token)).toBe(true)
    expect(macToken(both, 'callback', 'cal_1')).not.toBe(token)
    expect(verifyMacToken(ringsOf(2).mac, 'callback', 'cal_1', token)).toBe(false)
  })
})

describe('constantTimeEqual', () => {
  it('agrees with ===, lone surrogates included', () => {
    const text = fc.string({ unit: 'binary' })
    fc.assert(fc.property(text, text, (a, b) => constantTimeEqual(a, b) === (a === b)))
    fc.assert(fc.property(text, (a) => constantTimeEqual(a, a.slice())))
    expect(constantTimeEqual('\ud800', '\ud801')).toBe(false)
    expect(constantTimeEqual('\ud800', '\ufffd')).toBe(false)
  })
})

describe('tokens', () => {
  it('are random and as long as asked', () => {
    expect(randomToken()).toMatch(/^[\w-]{43}$/)
    expect(Buffer.from(randomToken(16), 'base64url')).toHaveLength(16)
    expect(randomToken()).not.toBe(randomToken())
  })

  it('hash as SHA-256 does (FIPS 180-4, "abc")', () => {
    expect(sha256Hex('abc')).toBe(
      'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    )
  })
})
