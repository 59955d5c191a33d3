import { inspect } from 'node:util'
import { Secret } from '@callwire/runtime'
import { beforeAll, describe, expect, test } from 'vitest'
import { encryptAsOldSystem } from '../testing/old-system.ts'
import { originCipher, UnreadableValue, type OriginCipher } from './origin-cipher.ts'

const jwtSecret = 'the-old-system-kept-its-sessions-with-this'
const token = '55eade19c0ffee0123456789abcdef0123ab'

let cipher: OriginCipher
beforeAll(async () => {
  cipher = await originCipher(new Secret(jwtSecret))
})

describe('opens what the old system wrote', () => {
  test('a value made once and written down', () => {
    // Made with Python's hashlib and its cryptography package.
    const known = [
      '000102030405060708090a0b0c0d0e0f',
      '4f379694f150b7dd23689d1457df8af8f54b2becad4cc743b518ba5381827554',
      '599a9a6cd214424f69a78177e8811f06',
    ]
    expect(cipher.open(known.join(':'))).toBe('a14dc4fbfa60fa17cd8095c18f5d5aeb')
  })

  test.each(['x', token, 'ключ 🔑', '\uFEFFbegins with a mark', 'a:b:c', 'k'.repeat(256)])(
    '%j',
    (text) => {
      expect(cipher.open(encryptAsOldSystem(jwtSecret, text))).toBe(text)
    },
  )
})

describe('one error for every failure', () => {
  const sealed = encryptAsOldSystem(jwtSecret, token)
  const [iv = '', data = '', tag = ''] = sealed.split(':')
  const refused: Record<string, string> = {
    'an empty text': '',
    'plain text': token,
    'two parts': `${iv}:${data}`,
    'four parts': `${sealed}:00`,
    'a short IV': `${iv.slice(2)}:${data}:${tag}`,
    'an IV of twelve bytes': `${iv.slice(8)}:${data}:${tag}`,
    'a long IV': `${iv}00:${data}:${tag}`,
    'a tag of four bytes': `${iv}:${data}:${tag.slice(0, 8)}`,
    'a tag of fifteen bytes': `${iv}:${data}:${tag.slice(2)}`,
    'a long tag': `${iv}:${data}:${tag}00`,
    'no data': `${iv}::${tag}`,
    'half a byte': `${iv}:${data}0:${tag}`,
    'upper case': sealed.toUpperCase(),
    'a blank in front': ` ${sealed}`,
    'a line break behind': `${sealed}\n`,
    'no hexadecimal': `${iv}:${data.slice(2)}zz:${tag}`,
    'an own envelope': 'cw1c.k1.eaYx7t4b-cmPEgMs3q3Q56B5OY_HhriMyEbsia-FpRo.AAAAAAAAAAAAAAAAAAAAAA',
    'another secret’s value': encryptAsOldSystem(`${jwtSecret}x`, token),
    'data too long': `${iv}:${'00'.repeat(1025)}:${tag}`,
    'parts in another order': `${tag}:${data}:${iv}`,
  }
  test.each(Object.entries(refused))('%s', (_what, value) => {
    let outcome: unknown
    try {
      cipher.open(value)
    } catch (error) {
      outcome = error
    }
    expect(outcome).toBeInstanceOf(UnreadableValue)
    expect((outcome as Error).message).toBe('A value of the old system could not be opened')
    expect((outcome as Error).cause).toBeUndefined()
    for (const part of [iv, data.slice(0, 16), tag, token, jwtSecret])
      expect(inspect(outcome)).not.toContain(part)
  })

  test('any one character changed to any other', () => {
    for (let at = 0; at < sealed.length; at += 1) {
      for (const other of '0123456789abcdefABCDEF:g ') {
        if (other === sealed[at]) continue
        const changed = sealed.slice(0, at) + other + sealed.slice(at + 1)
        expect(() => cipher.open(changed), changed).toThrow(UnreadableValue)
      }
    }
  })

  test('bytes that are no text', () => {
    expect(() => cipher.open(encryptAsOldSystem(jwtSecret, Buffer.from([0xff, 0xfe])))).toThrow(
      UnreadableValue,
    )
  })
})
