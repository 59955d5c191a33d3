import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { createDataKey } from '../data-key.ts'
import { createStreamKey } from '../stream-key.ts'
import { outcomeOf } from '../testing/outcome.ts'
import { ringsOf } from '../testing/samples.ts'
import { deriveServiceKeys } from './derive-service-keys.ts'
import { parseOpenRing, parseSealRing } from './hpke-rings.ts'
import { parseContentRing, parseMacRing, parseMasterRing } from './secret-rings.ts'

const key = (byte: number, length = 32) => Buffer.alloc(length, byte).toString('base64')
const secret = key(0xfb)

describe('the text of a ring', () => {
  it.each([
    ['one key', `k1:${secret}`],
    ['several, with spaces and line ends', ` k2:${key(2)} ,\n k1:${key(1)}\n`],
    ['base64 without padding', `k1:${secret.replaceAll('=', '')}`],
    ['base64url', `k1:${Buffer.alloc(32, 0xfb).toString('base64url')}`],
    ['the longest key id', `${'a'.repeat(32)}:${secret}`],
  ])('may be %s', (_name, text) => {
    expect(parseMasterRing(text).toString()).toBe('[MasterRing]')
  })

  it.each([
    ['', 'Entry 1 of the key ring is empty'],
    [`k1:${secret},`, 'Entry 2 of the key ring is empty'],
    [secret, 'Entry 1 of the key ring is not of the form kid:base64'],
    [`K1:${secret}`, 'Entry 1 of the key ring has a malformed key id'],
    [`${'a'.repeat(33)}:${secret}`, 'Entry 1 of the key ring has a malformed key id'],
    [`-k:${secret}`, 'Entry 1 of the key ring has a malformed key id'],
    [`:${secret}`, 'Entry 1 of the key ring has a malformed key id'],
    [`${secret}:k1`, 'Entry 1 of the key ring has a malformed key id'],
    [`k1:${key(1, 31)}`, 'Entry 1 of the key ring is not the base64 of 32 bytes'],
    [`k1:${key(1, 33)}`, 'Entry 1 of the key ring is not the base64 of 32 bytes'],
    [`k1:${secret}=`, 'Entry 1 of the key ring is not the base64 of 32 bytes'],
    [`k1:${secret.slice(0, -2)}t=`, 'Entry 1 of the key ring is not the base64 of 32 bytes'],
    [`k1:${secret.slice(0, 20)} ${secret.slice(20)}`, 'is not the base64 of 32 bytes'],
    [`k1:-_${secret.slice(2, -3)}+/=`, 'is not the base64 of 32 bytes'],
    [`k1:${Buffer.alloc(32, 7).toString('hex')}`, 'is not the base64 of 32 bytes'],
    [`k1:${secret},k1:${key(2)}`, 'Entry 2 of the key ring repeats a key id'],
    [
      Array.from({ length: 33 }, (_, n) => `k${n}:${secret}`).join(','),
      'A key ring has at most 32 keys',
    ],
  ])('is refused with the rule and the place, never the value %#', (text, sentence) => {
    for (const parse of [parseMasterRing, parseContentRing, parseMacRing]) {
      const outcome = outcomeOf(() => parse(text))
      expect(outcome).toMatchObject({ code: 'invalid_key', cause: undefined })
      expect(outcome).toHaveProperty('message', expect.stringContaining(sentence))
      expect(inspect(outcome)).not.toContain(secret.slice(0, 12))
    }
  })

  it('has 64 bytes a key where it seals or opens credentials', () => {
    for (const parse of [parseSealRing, parseOpenRing]) {
      expect(parse(`k1:${key(1, 64)}`).toString()).toMatch(/^\[(Seal|Open)Ring\]$/)
      expect(outcomeOf(() => parse(`k1:${secret}`))).toMatchObject({
        message: 'Entry 1 of the key ring is not the base64 of 64 bytes',
      })
    }
  })
})

describe('the keys of the services', () => {
  const keys = deriveServiceKeys(parseMasterRing(`new:${key(2)},old:${key(1)}`))

  it('have the ids of the master ring, in its order', () => {
    for (const text of Object.values(keys)) {
      expect(text.split(',').map((entry) => entry.split(':')[0])).toEqual(['new', 'old'])
    }
  })

  it('are the same at every start', () => {
    expect(deriveServiceKeys(parseMasterRing(`new:${key(2)},old:${key(1)}`))).toEqual(keys)
  })

  it('share no key material between purposes or with the master, pairs apart', () => {
    const parts = Object.entries(keys).flatMap(([name, text]) =>
      text.split(',').flatMap((entry) => {
        const bytes = Buffer.from(entry.split(':')[1] ?? '', 'base64')
        return bytes.length === 64 && name.includes('SEAL')
          ? [bytes.toString('hex', 0, 32)]
          : [bytes.toString('hex', 0, 32), bytes.toString('hex', 32)].filter((part) => part !== '')
      }),
    )
    expect(parts).toHaveLength(2 * 15)
    expect(new Set([...parts, '01'.repeat(32), '02'.repeat(32)]).size).toBe(parts.length + 2)
  })

  it('depend on the key id', () => {
    expect(ringsOf(1, 'k1').keys.CONTENT_KEYS.slice(3)).not.toBe(
      ringsOf(1, 'k2').keys.CONTENT_KEYS.slice(3),
    )
  })
})

describe('key material', () => {
  const { seal, open, content, mac } = ringsOf(1)
  const { dataKey } = createDataKey(content, { tenantId: 'ten_1', callId: 'cal_1' })
  const streamKey = createStreamKey(dataKey, { streamId: 'str_1', salt: Buffer.alloc(16) })
  const master = parseMasterRing(`k1:${secret}`)

  it.each([
    ['[MasterRing]', master],
    ['[SealRing]', seal],
    ['[OpenRing]', open],
    ['[ContentRing]', content],
    ['[MacRing]', mac],
    ['[DataKey]', dataKey],
    ['[StreamKey]', streamKey],
  ])('prints as %s, however it is printed', (printed, handle) => {
    expect(inspect(handle)).toBe(printed)
    expect(inspect({ a: [handle] }, { showHidden: true, depth: null })).toContain(printed)
    expect(JSON.stringify([handle])).toBe(`["${printed}"]`)
    expect(String(handle)).toBe(printed)
    expect(Object.keys(handle)).toEqual([])
    expect(JSON.stringify({ ...handle })).toBe('{}')
  })

  it('is not mistaken for another kind', () => {
    expect(() => createDataKey(mac as never, { tenantId: 't', callId: 'c' })).toThrow(
      'Not a ContentRing',
    )
  })
})
