import { normalizePhoneNumber } from '@callwire/contracts'

/**
 * A number as Exotel writes it (mostly `0` and ten digits, though requests take E.164) in E.164;
 * null when it is none.
 */
export function normalizeExotelNumber(text: string, country = 'IN'): string | null {
  const trimmed = text.trim()
  const direct = normalizePhoneNumber(trimmed, country)
  if (direct !== null) return direct
  // With the country code and without the plus, as some reports have it.
  return /^[1-9]\d{9,14}$/.test(trimmed) ? normalizePhoneNumber(`+${trimmed}`, country) : null
}
