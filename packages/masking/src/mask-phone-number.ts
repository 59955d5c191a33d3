import type { MaskedText } from './kind.ts'

/** ITU-T E.164: a plus and at most 15 digits, none of the country codes beginning with 0. */
const E164 = /^\+[1-9]\d{7,14}$/

const SHOWN_DIGITS = 4

/** At least so many digits at the end are hidden, whatever the length. */
const HIDDEN_DIGITS = 6

/** What is no number gives no more than a number's length of stars. */
const MAX_STARS = 16

/**
 * Shows where a number is from and hides whose it is: `+919876543210` gives `+9198********`. Of
 * short numbers less is shown; anything but E.164 becomes stars.
 */
export function maskPhoneNumber(number: string): MaskedText {
  if (!E164.test(number)) return '*'.repeat(Math.min(number.length, MAX_STARS)) as MaskedText
  const shown = 1 + Math.min(SHOWN_DIGITS, number.length - 1 - HIDDEN_DIGITS)
  return (number.slice(0, shown) + '*'.repeat(number.length - shown)) as MaskedText
}
