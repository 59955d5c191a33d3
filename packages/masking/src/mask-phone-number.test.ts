import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { maskPhoneNumber } from './mask-phone-number.ts'

describe('maskPhoneNumber', () => {
  it.each([
    ['+919876543210', '+9198********'],
    ['+14155552671', '+1415*******'],
    ['+442079460958', '+4420********'],
    ['+123456789012345', '+1234***********'],
    ['+12345678', '+12******'],
    ['+1234567', '********'],
    ['+0123456789', '***********'],
    ['919876543210', '************'],
    ['09876543210', '***********'],
    ['+91 98765 43210', '***************'],
    ['+९१९८७६५४३२१०', '*************'],
    ['112', '***'],
    ['unknown', '*******'],
    ['', ''],
    ['x'.repeat(1000), '*'.repeat(16)],
  ])('shows %j as %j', (number, shown) => {
    expect(maskPhoneNumber(number)).toBe(shown)
  })

  it('shows none of the last four, and at most the first four, of any number', () => {
    const number = fc.stringMatching(/^\+?[0-9]{0,18}$/)
    fc.assert(
      fc.property(number, (text) => {
        const shown = maskPhoneNumber(text)
        expect(shown.slice(-4)).toMatch(/^\**$/)
        expect(shown).toMatch(/^(\+\d{2,4})?\**$/)
      }),
    )
  })
})
