import { parsePhoneNumberFromString, isSupportedCountry } from 'libphonenumber-js'
import { z } from 'zod'

/** ISO 3166-1 alpha-2, as the numbering plan knows it. */
export const countrySchema = z
  .string()
  .regex(/^[A-Z]{2}$/)
  .refine((code) => isSupportedCountry(code), 'not a country with a numbering plan')

/** E.164: `+`, then 7 to 15 digits. */
export const e164Schema = z.string().regex(/^\+[1-9]\d{6,14}$/)

/**
 * Brings a number as people write it into E.164, or null when it can't be one.
 * `09876543210`, `+91 98765-43210` and `9876543210` are one number in India.
 */
export function normalizePhoneNumber(text: string, country = 'IN'): string | null {
  if (text.length > 32 || !isSupportedCountry(country)) return null
  const parsed = parsePhoneNumberFromString(text, { defaultCountry: country, extract: false })
  if (parsed === undefined || !parsed.isPossible() || parsed.ext !== undefined) return null
  return e164Schema.safeParse(parsed.number).success ? parsed.number : null
}
