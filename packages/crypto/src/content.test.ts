import { describe, expect, it } from 'vitest'
import { openContent, sealContent } from './content.ts'
import { sealCredential } from './credential.ts'
import { createDataKey, openDataKey, openWithDataKey, sealWithDataKey } from './data-key.ts'
import { sealedKeyId } from './format.ts'
import { parseContentRing } from './rings/secret-rings.ts'
import { outcomeOf, UNSEAL_FAILED } from './testing/outcome.ts'
import { context, otherContexts, ringsOf } from './testing/samples.ts'

const { content: ring, seal, keys } = ringsOf(1)
const call = { tenantId: 'ten_1', callId: 'cal_1' }
const number = '+919876543210'

describe('content under a ring', () => {
  it('opens with its context, as the bytes that went in', () => {
    expect(openContent(ring, context, sealContent(ring, context, number)).toString()).toBe(number)
    const bytes = Uint8Array.of(0, 255, 0xc3, 0x28)
    expect([...openContent(ring, context, sealContent(ring, context, bytes))]).toEqual([...bytes])
  })

  it('stays within 150 characters for 36 of text', () => {
    expect(sealContent(ring, context, 'a'.repeat(36)).length).toBeLessThanOrEqual(150)
  })

  it.each(otherContexts())('does not open with another context: %s', (_name, other) => {
    const sealed = sealContent(ring, context, number)
    expect(outcomeOf(() => openContent(ring, other, sealed))).toEqual(UNSEAL_FAILED)
  })

  it('does not open with another key, a key it does not name, or as another format', () => {
    const sealed = sealContent(ring, context, number)
    const twin = parseContentRing(`${keys.CONTENT_KEYS},${keys.CONTENT_KEYS.replace('k1', 'k2')}`)
    const attempts = [
      () => openContent(ringsOf(2).content, context, sealed),
      () => openContent(ringsOf(1, 'k2').content, context, sealed),
      () => openContent(twin, context, sealed.replace('.k1.', '.k2.')),
      () => openContent(ring, context, sealed.replace('cw1d', 'cw1k')),
      () => openContent(ring, context, sealCredential(seal, context, number)),
      () => openContent(ring, context, ''),
      () => openContent(ring, context, number),
    ]
    for (const attempt of attempts) expect(outcomeOf(attempt)).toEqual(UNSEAL_FAILED)
  })

  it('opens throughout a rotation', () => {
    const sealed = sealContent(ring, context, number)
    const both = parseContentRing(`${ringsOf(2, 'k2').keys.CONTENT_KEYS},${keys.CONTENT_KEYS}`)
    expect(openContent(both, context, sealed).toString()).toBe(number)
    expect(sealedKeyId(sealContent(both, context, number))).toBe('k2')
  })

  it('holds a mebibyte and no more', () => {
    const largest = Buffer.alloc(1_048_576, 7)
    const sealed = sealContent(ring, context, largest)
    expect(openContent(ring, context, sealed).equals(largest)).toBe(true)
    expect(outcomeOf(() => sealContent(ring, context, Buffer.alloc(1_048_577)))).toMatchObject({
      code: 'invalid_input',
    })
  })
})

describe('the data key of a call', () => {
  it('opens for its call alone', () => {
    const { dataKey, wrapped } = createDataKey(ring, call)
    const sealed = sealWithDataKey(dataKey, context, 'नमस्ते')
    const again = openDataKey(ring, call, wrapped)
    expect(openWithDataKey(again, context, sealed).toString()).toBe('नमस्ते')
    expect(sealedKeyId(wrapped)).toBe('k1')
    expect(sealedKeyId(sealed)).toBeNull()
    const others = [
      { ...call, tenantId: 'ten_2' },
      { ...call, callId: 'cal_2' },
    ]
    for (const other of others) {
      expect(outcomeOf(() => openDataKey(ring, other, wrapped))).toEqual(UNSEAL_FAILED)
    }
  })

  it('never leaves as content, not even for who guesses its context', () => {
    const { wrapped } = createDataKey(ring, call)
    const { tenantId, callId } = call
    const guess = { purpose: 'call-data-key', tenantId, rowId: callId, field: 'data_key' }
    for (const text of [wrapped, wrapped.replace('cw1k', 'cw1d')]) {
      expect(outcomeOf(() => openContent(ring, guess, text))).toEqual(UNSEAL_FAILED)
    }
  })

  it('is another for each call', () => {
    const first = createDataKey(ring, call).dataKey
    const second = createDataKey(ring, call).dataKey
    const sealed = sealWithDataKey(first, context, 'words')
    expect(outcomeOf(() => openWithDataKey(second, context, sealed))).toEqual(UNSEAL_FAILED)
  })

  it.each(otherContexts())('opens nothing with another context: %s', (_name, other) => {
    const { dataKey } = createDataKey(ring, call)
    const sealed = sealWithDataKey(dataKey, context, 'words')
    expect(outcomeOf(() => openWithDataKey(dataKey, other, sealed))).toEqual(UNSEAL_FAILED)
  })
})
