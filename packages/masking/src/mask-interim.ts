import type { Masked, MaskedText } from './kind.ts'
import { mask } from './mask.ts'
import { normalForm } from './normal-form.ts'

/** So few digits say nothing about a number, and a sentence may end with them ("by 10"). */
const HARMLESS_DIGITS = 2

/** A digit that can be seen, a number that is hidden, or a letter, which ends a number. */
const TOKEN = /\[(?:phone|card|aadhaar|vid|account)\]|\[email\]|\d|[\p{L}\p{M}]/gu

/** What belongs to a number's first digit: a plus, a bracket, a currency sign. */
const LEAD = /[^\p{L}\p{M}\d\s[\]]/u

/** What belongs to an address before its at sign. */
const LOCAL = /[^\s[\]]/

/** Behind the at sign at most one word has been said. */
const ONE_WORD = /^ ?[^\s[\]]*\s*$/

/**
 * As `mask`, for text that will go on: what stands at its end and could be the beginning of a
 * number or of an e-mail address is left out until more words show what it is. Only what is after
 * the last letter counts, since nothing that `mask` hides has a letter inside a number.
 */
export function maskInterim(text: string): Masked {
  const masked = mask(text)
  const cut = Math.min(startOfTail(masked.text), startOfUnfinishedEmail(masked.text))
  if (cut >= masked.text.length) return masked
  return {
    text: masked.text.slice(0, cut).trimEnd() as MaskedText,
    masked: masked.masked.filter(({ end }) => end <= cut),
  }
}

function startOfTail(text: string): number {
  const normal = normalForm(text)
  const tail: { start: number | null; digits: number; hidden: boolean } = {
    start: null,
    digits: 0,
    hidden: false,
  }
  for (const { 0: token, index } of normal.text.matchAll(TOKEN)) {
    if (/^\d/.test(token)) {
      tail.start ??= index
      tail.digits += 1
    } else if (token.startsWith('[') && token !== '[email]') {
      tail.hidden = true
    } else {
      Object.assign(tail, { start: null, digits: 0, hidden: false })
    }
  }
  if (tail.start === null || (!tail.hidden && tail.digits <= HARMLESS_DIGITS)) return text.length
  return normal.starts[goBack(normal.text, tail.start, LEAD)] ?? text.length
}

function startOfUnfinishedEmail(text: string): number {
  const at = text.lastIndexOf('@')
  if (at < 0 || !ONE_WORD.test(text.slice(at + 1))) return text.length
  const localEnd = text.charAt(at - 1) === ' ' ? at - 1 : at
  const start = goBack(text, localEnd, LOCAL)
  return start === localEnd ? text.length : start
}

/** Where the characters of a kind begin that end at a place. */
function goBack(text: string, end: number, kind: RegExp): number {
  let start = end
  while (start > 0 && kind.test(text.charAt(start - 1))) start -= 1
  return start
}
