import { describe, expect, it } from 'vitest'
import { passesLuhn, passesVerhoeff } from './checksum.ts'

/** Every text that differs in one digit, and every one with two neighbours swapped. */
function slips(digits: string): string[] {
  const places = Array.from(digits, (_, place) => place)
  const replaced = places.flatMap((at) =>
    Array.from('0123456789', (digit) => digits.slice(0, at) + digit + digits.slice(at + 1)),
  )
  const swapped = places.map(
    (at) => digits.slice(0, at) + digits.charAt(at + 1) + digits.charAt(at) + digits.slice(at + 2),
  )
  return [...replaced, ...swapped].filter((text) => text !== digits)
}

describe('Luhn', () => {
  it.each(['4111111111111111', '378282246310005', '30569309025904', '79927398713'])(
    'passes %s',
    (digits) => {
      expect(passesLuhn(digits)).toBe(true)
    },
  )

  it('sees every slip but the swap of 0 and 9', () => {
    const missed = slips('79927398713').filter(passesLuhn)
    expect(missed).toEqual([])
    expect(passesLuhn('09')).toBe(passesLuhn('90'))
  })
})

describe('Verhoeff', () => {
  it.each(['2363', '123451', '999999990019', '84736430954837284567892'])('passes %s', (digits) => {
    expect(passesVerhoeff(digits)).toBe(true)
  })

  it('sees every slip', () => {
    expect(slips('999999990019').filter(passesVerhoeff)).toEqual([])
  })
})
