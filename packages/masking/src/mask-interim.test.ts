import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { maskInterim } from './mask-interim.ts'
import { mask } from './mask.ts'
import { normalForm } from './normal-form.ts'
import { script, stumbling, words, writtenNumber } from './testing/numbers.ts'

const RUNS = { numRuns: 2000 }

describe('maskInterim', () => {
  it.each([
    ['my number is 98765', 'my number is'],
    ['my number is 98765 ', 'my number is'],
    ['my number is 98765 432', 'my number is'],
    ['my number is 98765-', 'my number is'],
    ['my number is 98765, ', 'my number is'],
    ['my number is +91 98', 'my number is'],
    ['my number is (022) 23', 'my number is'],
    ['my number is 98 76', 'my number is'],
    ['my number is 9 8', 'my number is 9 8'],
    ['my number is 98765 43210', 'my number is [phone]'],
    ['my number is 98765 43210 1', 'my number is [phone]'],
    ['flat 12, 98765', 'flat'],
    ['flat 12, 98765 43210', 'flat'],
    ['flat 12, 98765 43210 please', 'flat 12, [phone] please'],
    ['no98765', 'no'],
    ['मेरा नंबर ९८७६५', 'मेरा नंबर'],
    ['it costs 12,500', 'it costs'],
    ['it costs ₹12,500', 'it costs'],
    ['it costs 12,500 rupees', 'it costs 12,500 rupees'],
    ['by 10', 'by 10'],
    ['at 10 30 we', 'at 10 30 we'],
    ['write to ravi@gmail', 'write to'],
    ['write to ravi@', 'write to'],
    ['write to ravi @ gm', 'write to'],
    ['write to ravi@gmail.com', 'write to [email]'],
    ['write to ravi@gmail.com 5', 'write to [email] 5'],
    ['pay 9876543210@ybl', 'pay [phone]@ybl'],
    ['nothing to hide', 'nothing to hide'],
    ['98765', ''],
    ['', ''],
  ])('shows %j as %j', (text, shown) => {
    expect(maskInterim(text).text).toBe(shown)
  })

  it('shows no three digits of a number in a row, however far it has been said', () => {
    fc.assert(
      fc.property(words, writtenNumber, words, script, (before, number, after, write) => {
        const said = [...before, write(number), ...after].join(' ').split(' ')
        const digits = number.replace(/\D/g, '')
        const triples = Array.from({ length: digits.length - 2 }, (_, at) =>
          digits.slice(at, at + 3),
        )
        for (let count = 1; count <= said.length; count += 1) {
          const { text } = maskInterim(said.slice(0, count).join(' '))
          // A letter or a mask between two digits keeps them apart.
          const shown = normalForm(text)
            .text.replace(/\[\w+\]|[\p{L}\p{M}]+/gu, '|')
            .replace(/[^\d|]/g, '')
          for (const triple of triples) expect(shown).not.toContain(triple)
        }
      }),
      RUNS,
    )
  })

  it('shows nothing that mask hides, and its spans are exact', () => {
    fc.assert(
      fc.property(stumbling, (text) => {
        const interim = maskInterim(text)
        expect(mask(text).text.startsWith(interim.text)).toBe(true)
        for (const { kind, start, end } of interim.masked) {
          expect(interim.text.slice(start, end)).toBe(`[${kind}]`)
        }
      }),
      RUNS,
    )
  })
})
