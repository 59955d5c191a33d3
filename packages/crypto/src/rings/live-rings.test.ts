import { describe, expect, it } from 'vitest'
import { blindIndex } from '../blind-index.ts'
import { openContent, resealContent, sealContent } from '../content.ts'
import { openCredential, resealCredential, sealCredential } from '../credential.ts'
import { createDataKey, openDataKey, rewrapDataKey } from '../data-key.ts'
import { sealedKeyId } from '../format.ts'
import { macToken, verifyMacToken } from '../mac.ts'
import { outcomeOf, UNSEAL_FAILED } from '../testing/outcome.ts'
import { context, ringsOf } from '../testing/samples.ts'
import { deriveServiceKeys, type ServiceKeys } from './derive-service-keys.ts'
import { describeRing, masterKeyIds, rearrangeRing, type KeyRing } from './live-rings.ts'
import { parseMasterRing } from './secret-rings.ts'

const key = (byte: number) => Buffer.alloc(32, byte).toString('base64')
const master = parseMasterRing(`k1:${key(1)},k2:${key(2)},k3:${key(3)}`)
const all = deriveServiceKeys(master)
const call = { tenantId: 'ten_1', callId: 'cal_1' }
const idsOf = (ring: KeyRing) => describeRing(ring).keys.map(({ kid }) => kid)

/** One ring of each kind, of `k1` alone, with the text of its three keys. */
const kinds = () => {
  const { seal, open, content, mac } = ringsOf(1)
  const named: [string, KeyRing, keyof ServiceKeys][] = [
    ['a sealing ring', seal, 'CREDENTIAL_SEAL_KEYS'],
    ['an opening ring', open, 'CREDENTIAL_OPEN_KEYS'],
    ['a content ring', content, 'CONTENT_KEYS'],
    ['a MAC ring', mac, 'CALLBACK_KEYS'],
  ]
  return named.map(([name, ring, variable]) => ({ name, ring, text: all[variable] }))
}

describe.each(kinds().map(({ name }, index) => ({ name, index })))('$name', ({ index }) => {
  const fresh = () => {
    const kind = kinds()[index]
    if (kind === undefined) throw new Error('No such kind')
    return kind
  }

  it('takes the keys of another text, the first as primary', () => {
    const { ring, text } = fresh()
    rearrangeRing(ring, text)
    expect(describeRing(ring)).toMatchObject({ primary: 'k1' })
    expect(idsOf(ring)).toEqual(['k1', 'k2', 'k3'])
    rearrangeRing(ring, text, { primary: null })
    expect(idsOf(ring)).toEqual(['k1', 'k2', 'k3'])
  })

  it('puts the named primary first and leaves retired keys out', () => {
    const { ring, text } = fresh()
    rearrangeRing(ring, text, { primary: 'k3', retired: ['k1', 'unheard-of'] })
    expect(describeRing(ring).primary).toBe('k3')
    expect(idsOf(ring)).toEqual(['k3', 'k2'])
    rearrangeRing(ring, text, { retired: ['k1'] })
    expect(describeRing(ring).primary).toBe('k2')
  })

  it.each([
    ['a text that is none', () => 'k1:c2hvcnQ=', {}],
    ['a primary that the text lacks', (text: string) => text, { primary: 'k9' }],
    ['a primary that is retired', (text: string) => text, { primary: 'k1', retired: ['k1'] }],
    ['every key retired', (text: string) => text, { retired: ['k1', 'k2', 'k3'] }],
  ])('stays as it was after %s', (_name, textOf, arrangement) => {
    const { ring, text } = fresh()
    const before = describeRing(ring)
    const outcome = outcomeOf(() => rearrangeRing(ring, textOf(text), arrangement))
    expect(outcome).toMatchObject({ code: 'invalid_key', cause: undefined })
    expect(JSON.stringify(outcome)).not.toMatch(/k9|c2hvcnQ/)
    expect(describeRing(ring)).toEqual(before)
  })

  it('shows check values by which keys of one id can be told apart', () => {
    const { ring, text } = fresh()
    rearrangeRing(ring, text)
    const checks = describeRing(ring).keys.map(({ check }) => check)
    for (const check of checks) expect(check).toMatch(/^[0-9a-f]{16}$/)
    expect(new Set(checks).size).toBe(3)
    rearrangeRing(ring, text, { primary: 'k2' })
    expect(describeRing(ring).keys.map(({ check }) => check)).toEqual(
      [1, 0, 2].map((place) => checks[place]),
    )
    rearrangeRing(ring, text.replace('k1:', 'k9:'))
    expect(describeRing(ring).keys[0]?.check).not.toBe(checks[0])
  })
})

describe('a ring that was rearranged', () => {
  it('shows the same check values in both halves of a pair, and others for another half', () => {
    const { seal, open } = ringsOf(1)
    expect(describeRing(seal)).toEqual(describeRing(open))
    rearrangeRing(seal, all.VENDOR_SEAL_KEYS)
    expect(describeRing(seal).keys[0]).not.toEqual(describeRing(open).keys[0])
  })

  it('seals and opens with its new keys for whoever already holds it', () => {
    const { seal, open, content, mac } = ringsOf(1)
    const old = {
      credential: sealCredential(seal, context, 'token'),
      content: sealContent(content, context, 'text'),
      token: macToken(mac, 'callback', 'cal_1'),
    }
    const [seeker] = blindIndex(content, { purpose: 'to', tenantId: 'ten_1' }, 'value')
    for (const [ring, text] of [
      [seal, all.CREDENTIAL_SEAL_KEYS],
      [open, all.CREDENTIAL_OPEN_KEYS],
      [content, all.CONTENT_KEYS],
      [mac, all.CALLBACK_KEYS],
    ] as const) {
      rearrangeRing(ring, text, { primary: 'k2' })
    }
    expect(sealedKeyId(sealCredential(seal, context, 'token'))).toBe('k2')
    expect(openCredential(open, context, old.credential)).toBe('token')
    expect(sealedKeyId(sealContent(content, context, 'text'))).toBe('k2')
    expect(openContent(content, context, old.content).toString()).toBe('text')
    expect(macToken(mac, 'callback', 'cal_1')).not.toBe(old.token)
    expect(verifyMacToken(mac, 'callback', 'cal_1', old.token)).toBe(true)
    const found = blindIndex(content, { purpose: 'to', tenantId: 'ten_1' }, 'value')
    expect(found[0]).toMatch(/^k2\./)
    expect(found).toContain(seeker)
    rearrangeRing(content, all.CONTENT_KEYS, { retired: ['k1'] })
    expect(outcomeOf(() => openContent(content, context, old.content))).toEqual(UNSEAL_FAILED)
  })

  it('is no other kind, and no handle to something else is a ring', () => {
    const { dataKey } = createDataKey(ringsOf(1).content, call)
    for (const handle of [dataKey, master]) {
      expect(() => describeRing(handle as never)).toThrow('Not a MacRing')
      expect(() => rearrangeRing(handle as never, all.EDGE_KEYS)).toThrow('Not a MacRing')
    }
  })
})

describe('sealing anew', () => {
  const { seal, open, content } = ringsOf(1)
  const credential = sealCredential(seal, context, 'टोकन')
  const text = sealContent(content, context, 'text')
  const { wrapped } = createDataKey(content, call)
  rearrangeRing(open, all.CREDENTIAL_OPEN_KEYS, { primary: 'k2' })
  rearrangeRing(content, all.CONTENT_KEYS, { primary: 'k2' })

  it('gives a text under the primary key that opens to the same', () => {
    const sealedAnew = resealCredential(open, context, credential)
    expect(sealedKeyId(sealedAnew)).toBe('k2')
    expect(openCredential(open, context, sealedAnew)).toBe('टोकन')
    const textAnew = resealContent(content, context, text)
    expect(sealedKeyId(textAnew)).toBe('k2')
    expect(openContent(content, context, textAnew).toString()).toBe('text')
    const wrappedAnew = rewrapDataKey(content, call, wrapped)
    expect(sealedKeyId(wrappedAnew)).toBe('k2')
    expect(() => openDataKey(content, call, wrappedAnew)).not.toThrow()
  })

  it('refuses what does not open, and another context or format', () => {
    const attempts = [
      () => resealCredential(open, { ...context, sid: 'acme2' }, credential),
      () => resealCredential(ringsOf(2).open, context, credential),
      () => resealCredential(open, context, text),
      () => resealContent(content, { ...context, rowId: 'phn_2' }, text),
      () => resealContent(content, context, wrapped),
      () => rewrapDataKey(content, { ...call, callId: 'cal_2' }, wrapped),
      () => rewrapDataKey(content, call, text),
    ]
    for (const attempt of attempts) expect(outcomeOf(attempt)).toEqual(UNSEAL_FAILED)
  })
})

it('the ids of the root keys are those of the text', () => {
  expect(masterKeyIds(master)).toEqual(['k1', 'k2', 'k3'])
})
