import { getCountries, getExampleNumber } from 'libphonenumber-js'
import examples from 'libphonenumber-js/mobile/examples'
import { expect, test } from 'vitest'
import { hoursVerdict } from './hours-verdict.ts'
import { zonesOf } from './zones-of.ts'

test.each([
  ['+919876543210', ['Asia/Kolkata']],
  ['+9779812345678', ['Asia/Kathmandu']],
  ['+38344123456', ['Europe/Belgrade']],
  ['+24742000', ['Atlantic/St_Helena']],
  ['+870773111632', []],
  ['not a number', []],
])('%s may be in %j', (number, zones) => expect(zonesOf(number)).toEqual(zones))

test('a range that several countries share is in the zones of all', () => {
  expect(zonesOf('+447700900123')).toEqual(
    expect.arrayContaining(['Europe/London', 'Europe/Guernsey', 'Europe/Jersey']),
  )
})

test('every country with a numbering plan has zones, and the runtime knows each', () => {
  for (const country of getCountries()) {
    const zones = zonesOf(getExampleNumber(country, examples)?.number ?? '')
    expect(zones, country).not.toEqual([])
    for (const zone of zones) {
      expect(() => hoursVerdict({ windows: [], zone }, '', 0)).not.toThrow()
    }
  }
})
