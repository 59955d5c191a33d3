import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { maskKinds } from './kind.ts'
import { mask } from './mask.ts'
import { normalForm } from './normal-form.ts'
import { script, stumbling, words, writtenNumber } from './testing/numbers.ts'

const RUNS = { numRuns: 3000 }
const digits = (text: string) => normalForm(text).text.replace(/\D/g, '')

describe('mask', () => {
  it('hides a written number wherever it stands, in any script, as one span', () => {
    const letters = words.map((all) => all.filter((word) => !/\d|\[/.test(word)).join(' '))
    fc.assert(
      fc.property(letters, writtenNumber, letters, script, (before, number, after, write) => {
        const text = `${before} ${write(number)} ${after}`
        const { text: masked, masked: spans } = mask(text)
        expect(spans).toHaveLength(1)
        expect(digits(masked)).toBe('')
        expect(masked).toBe(`${before} [${spans[0]?.kind ?? ''}] ${after}`)
      }),
      RUNS,
    )
  })

  it('lets no seven digits in a run through', () => {
    fc.assert(
      fc.property(stumbling, (text) => {
        expect(normalForm(mask(text).text).text).not.toMatch(/\d{7}/)
      }),
      RUNS,
    )
  })

  it('gives exact spans, in order, with a known kind in brackets', () => {
    fc.assert(
      fc.property(stumbling, (text) => {
        const result = mask(text)
        let last = 0
        for (const { kind, start, end } of result.masked) {
          expect(maskKinds).toContain(kind)
          expect(result.text.slice(start, end)).toBe(`[${kind}]`)
          expect(start).toBeGreaterThanOrEqual(last)
          last = end
        }
      }),
      RUNS,
    )
  })

  it('leaves everything else as it is', () => {
    fc.assert(
      fc.property(stumbling, (text) => {
        const { text: masked, masked: spans } = mask(text)
        let rest = text
        let position = 0
        for (const { start, end } of [...spans, { start: masked.length, end: masked.length }]) {
          const between = masked.slice(position, start)
          const found = rest.indexOf(between)
          expect(found).toBeGreaterThanOrEqual(0)
          if (position === 0) expect(found).toBe(0)
          rest = rest.slice(found + between.length)
          position = end
        }
        if (spans.length === 0) expect(masked).toBe(text)
      }),
      RUNS,
    )
  })

  it('changes nothing the second time', () => {
    fc.assert(
      fc.property(stumbling, (text) => {
        const once = mask(text).text
        expect(mask(once)).toEqual({ text: once, masked: [] })
      }),
      RUNS,
    )
  })

  it('takes long hostile texts in its stride', () => {
    const hostile = ['1 ', '98-', '@', 'a@', 'a.', '+1(', '4111 ', '9,', '[', '0091', ' ', '.']
    for (const piece of hostile) {
      expect(mask(piece.repeat(5000)).text.length).toBeLessThanOrEqual(piece.length * 5000 + 9)
    }
  })
})
