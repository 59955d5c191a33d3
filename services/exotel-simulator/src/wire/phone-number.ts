/**
 * A phone number as requests write it → E.164, or null when it cannot be dialed.
 * Accepts `+<country><number>`, `00<country><number>`, `0<ten digits>`, `91<ten digits>` and ten bare digits
 * (India is the home country of the numbers Exotel prints with a leading zero).
 */
export function toE164(text: string): string | null {
  const compact = text.replace(/[\s()-]/g, '')
  if (/^\+[1-9]\d{6,14}$/.test(compact)) return compact
  if (/^00[1-9]\d{6,14}$/.test(compact)) return `+${compact.slice(2)}`
  if (/^0[1-9]\d{9}$/.test(compact)) return `+91${compact.slice(1)}`
  if (/^91[1-9]\d{9}$/.test(compact)) return `+${compact}`
  if (/^[1-9]\d{9}$/.test(compact)) return `+91${compact}`
  return null
}

/** E.164 → what the wire shows: `0` and ten digits for Indian numbers, `00` and the rest for others. */
export function toWireNumber(e164: string): string {
  if (/^\+91\d{10}$/.test(e164)) return `0${e164.slice(3)}`
  return e164.startsWith('+') ? `00${e164.slice(1)}` : e164
}

/** For people: the country and the first two digits, never any of the last four. */
export function maskNumber(e164: string): string {
  const shown = Math.max(0, Math.min(5, e164.length - 6))
  return e164.slice(0, shown) + '*'.repeat(e164.length - shown)
}
