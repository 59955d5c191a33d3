import { describe, expect, it } from 'vitest'
import { associatedData } from './context.ts'
import { openCredential, resealCredential, sealCredential } from './credential.ts'
import { CryptoError } from './errors.ts'
import { formatEnvelope, sealedKeyId } from './format.ts'
import { hpkeSeal } from './hpke/single-shot.ts'
import { ephemeralPair } from './hpke/x25519.ts'
import { openRings, parseOpenRing, parseSealRing } from './rings/hpke-rings.ts'
import { context, otherContexts, ringsOf } from './testing/samples.ts'
import { outcomeOf, UNSEAL_FAILED } from './testing/outcome.ts'

const { seal, open, keys } = ringsOf(1)
const token = '9ec3a1d2f6b84b07a9b5c8d7e6f50413abcd'

describe('credentials', () => {
  it('open with their context', () => {
    expect(openCredential(open, context, sealCredential(seal, context, token))).toBe(token)
  })

  it('open again as they did, and no better: a text that opened does not help another', () => {
    const sealed = sealCredential(seal, context, token)
    const [format, kid, enc] = sealed.split('.')
    const other = sealCredential(seal, context, 'another token').split('.').at(3)
    for (const _round of [1, 2]) {
      expect(openCredential(open, context, sealed)).toBe(token)
      const attempts = [
        () => openCredential(open, { ...context, sid: 'acme2' }, sealed),
        () => openCredential(open, context, `${sealed.slice(0, -4)}AAAA`),
        () => openCredential(open, context, [format, kid, enc, other].join('.')),
        () => openCredential(ringsOf(2).open, context, sealed),
      ]
      for (const attempt of attempts) expect(outcomeOf(attempt)).toEqual(UNSEAL_FAILED)
    }
  })

  it('seal to another text each time', () => {
    expect(sealCredential(seal, context, token)).not.toBe(sealCredential(seal, context, token))
  })

  it('stay within 150 characters for a token of 36', () => {
    expect(token).toHaveLength(36)
    expect(sealCredential(seal, context, token).length).toBeLessThanOrEqual(150)
  })

  it.each(['', 'मेरा टोकन', '\ufeffwith a mark of order', 'a'.repeat(4096)])(
    'keep any text %#',
    (text) => {
      expect(openCredential(open, context, sealCredential(seal, context, text))).toBe(text)
    },
  )

  it.each(otherContexts())('do not open with another context: %s', (_name, other) => {
    const sealed = sealCredential(seal, context, token)
    expect(outcomeOf(() => openCredential(open, other, sealed))).toEqual(UNSEAL_FAILED)
  })

  it('do not open with another key of the same id', () => {
    const sealed = sealCredential(ringsOf(2).seal, context, token)
    expect(outcomeOf(() => openCredential(open, context, sealed))).toEqual(UNSEAL_FAILED)
  })

  it('do not open with the right private key and another pre-shared key', () => {
    const [kid, base64 = ''] = keys.CREDENTIAL_OPEN_KEYS.split(':')
    const bytes = Buffer.from(base64, 'base64').fill(9, 32)
    const ring = parseOpenRing(`${kid}:${bytes.toString('base64')}`)
    const sealed = sealCredential(seal, context, token)
    expect(outcomeOf(() => openCredential(ring, context, sealed))).toEqual(UNSEAL_FAILED)
  })

  it('do not open with what seals', () => {
    const ring = parseOpenRing(keys.CREDENTIAL_SEAL_KEYS)
    const sealed = sealCredential(seal, context, token)
    expect(outcomeOf(() => openCredential(ring, context, sealed))).toEqual(UNSEAL_FAILED)
  })

  it('do not open as another key id of a ring that holds the key twice', () => {
    const twin = keys.CREDENTIAL_OPEN_KEYS.replace('k1:', 'k2:')
    const ring = parseOpenRing(`${keys.CREDENTIAL_OPEN_KEYS},${twin}`)
    const sealed = sealCredential(seal, context, token)
    expect(openCredential(ring, context, sealed)).toBe(token)
    const renamed = sealed.replace('.k1.', '.k2.')
    expect(outcomeOf(() => openCredential(ring, context, renamed))).toEqual(UNSEAL_FAILED)
  })

  it('open throughout a rotation, under the key that sealed them', () => {
    const next = ringsOf(2, 'k2').keys
    const before = sealCredential(seal, context, token)
    const both = parseOpenRing(`${next.CREDENTIAL_OPEN_KEYS},${keys.CREDENTIAL_OPEN_KEYS}`)
    const promoted = parseSealRing(`${next.CREDENTIAL_SEAL_KEYS},${keys.CREDENTIAL_SEAL_KEYS}`)
    const after = sealCredential(promoted, context, token)
    expect([sealedKeyId(before), sealedKeyId(after)]).toEqual(['k1', 'k2'])
    expect([before, after].map((sealed) => openCredential(both, context, sealed))).toEqual([
      token,
      token,
    ])
    expect(outcomeOf(() => openCredential(open, context, after))).toEqual(UNSEAL_FAILED)
  })

  it('do not open, nor seal anew, to bytes that are no text', () => {
    const { kid, key } = openRings.reveal(open).primary
    const bound = associatedData('cw1c', kid, context)
    const notText = Uint8Array.of(0xc3, 0x28)
    const { enc, ciphertext } = hpkeSeal(ephemeralPair(), key, bound, notText)
    const sealed = formatEnvelope({ format: 'cw1c', kid, head: enc, body: ciphertext })
    expect(outcomeOf(() => openCredential(open, context, sealed))).toEqual(UNSEAL_FAILED)
    expect(outcomeOf(() => resealCredential(open, context, sealed))).toEqual(UNSEAL_FAILED)
  })

  it('take a context up to its limit, and none beyond', () => {
    const rest = associatedData('cw1c', 'k1', { ...context, field: 'f' }).length - 1
    const longest = { ...context, field: 'f'.repeat(1024 - rest) }
    expect(openCredential(open, longest, sealCredential(seal, longest, token))).toBe(token)
    const beyond = { ...context, field: `${longest.field}f` }
    expect(outcomeOf(() => sealCredential(seal, beyond, token))).toMatchObject({
      code: 'invalid_input',
    })
    const sealed = sealCredential(seal, longest, token)
    expect(outcomeOf(() => openCredential(open, beyond, sealed))).toEqual(UNSEAL_FAILED)
  })

  it.each([
    ['a context without a tenant', { ...context, tenantId: '' }, token],
    ['a fractional version', { ...context, version: 1.5 }, token],
    ['a negative version', { ...context, version: -1 }, token],
    ['text with a lone surrogate', context, '\udc00'],
    ['text beyond a mebibyte', context, 'a'.repeat(1_048_577)],
  ])('are not sealed: %s', (_name, badContext, text) => {
    const refused = expect.objectContaining({ code: 'invalid_input' }) as unknown
    expect(outcomeOf(() => sealCredential(seal, badContext, text))).toEqual(refused)
  })

  it('are not sealed to a public key of low order', () => {
    const ring = parseSealRing(`k1:${Buffer.alloc(64).toString('base64')}`)
    const attempt = () => sealCredential(ring, context, token)
    expect(attempt).toThrow(CryptoError)
    expect(attempt).toThrow('unusable')
  })
})
