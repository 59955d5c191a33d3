import { parsePhoneNumberFromString } from 'libphonenumber-js'

/** Countries of the numbering plan that are no regions with zones in the runtime's tables. */
const missing: Readonly<Record<string, readonly string[]>> = {
  AC: ['Atlantic/St_Helena'],
  TA: ['Atlantic/St_Helena'],
  XK: ['Europe/Belgrade'],
}

/** What the runtime's tables still call by a name of the past. */
const today: Readonly<Record<string, string>> = {
  'Asia/Calcutta': 'Asia/Kolkata',
  'Asia/Katmandu': 'Asia/Kathmandu',
  'Asia/Rangoon': 'Asia/Yangon',
  'Asia/Saigon': 'Asia/Ho_Chi_Minh',
}

/** As ECMA-402 has it since 2025, and the compiler's own types not yet. */
type Region = Intl.Locale & { getTimeZones?: () => string[] | undefined }

const byCountry = new Map<string, readonly string[]>()

/**
 * The time zones a number may be in: all of its country's, and of all its countries where several
 * share a range. Empty for numbers of no country, such as satellite phones.
 *
 * @param number - E.164
 */
export function zonesOf(number: string): readonly string[] {
  const countries = parsePhoneNumberFromString(number)?.getPossibleCountries() ?? []
  const [only] = countries
  if (only !== undefined && countries.length === 1) return zonesOfCountry(only)
  return [...new Set(countries.flatMap(zonesOfCountry))]
}

function zonesOfCountry(country: string): readonly string[] {
  const kept = byCountry.get(country)
  if (kept !== undefined) return kept
  const locale: Region = new Intl.Locale(`und-${country}`)
  const known = missing[country] ?? locale.getTimeZones?.() ?? []
  const zones = known.map((zone) => today[zone] ?? zone)
  byCountry.set(country, zones)
  return zones
}
