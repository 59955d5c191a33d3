import { describe, expect, it } from 'vitest'
import { blindIndex } from './blind-index.ts'
import { parseContentRing } from './rings/secret-rings.ts'
import { ringsOf } from './testing/samples.ts'

const { content: ring, keys } = ringsOf(1)
const scope = { purpose: 'call-to', tenantId: 'ten_1' }
const number = '+919876543210'

describe('the blind index', () => {
  it('is the same for the same value', () => {
    expect(blindIndex(ring, scope, number)).toEqual(blindIndex(ring, scope, number))
    expect(blindIndex(ring, scope, number)[0]).toMatch(/^k1\.[\w-]{22}$/)
  })

  it('is another for another value, tenant, purpose or key', () => {
    const texts = [
      blindIndex(ring, scope, number),
      blindIndex(ring, scope, '+919876543211'),
      blindIndex(ring, { ...scope, tenantId: 'ten_2' }, number),
      blindIndex(ring, { ...scope, purpose: 'call-from' }, number),
      blindIndex(ring, { purpose: 'call-tot', tenantId: 'en_1' }, number),
      blindIndex(ringsOf(2).content, scope, number),
    ].map(([first]) => first)
    expect(new Set(texts).size).toBe(texts.length)
  })

  it('finds what an older key stored, while the newest key stores', () => {
    const both = parseContentRing(`${ringsOf(2, 'k2').keys.CONTENT_KEYS},${keys.CONTENT_KEYS}`)
    const found = blindIndex(both, scope, number)
    expect(found.map((text) => text.split('.')[0])).toEqual(['k2', 'k1'])
    expect(found).toContain(blindIndex(ring, scope, number)[0])
  })
})
