import { z } from 'zod'

/** Text a person typed: no control characters, and no half of a surrogate pair (neither can be stored). */
export function plainText(maxLength: number) {
  return z.string().trim().min(1).max(maxLength).refine(isPlain, 'must not hold control characters')
}

/** True for text that survives every store: well-formed Unicode without control characters. */
export function isPlain(text: string): boolean {
  return text.isWellFormed() && !/\p{Cc}/u.test(text)
}
