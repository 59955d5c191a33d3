/**
 * The form in which detectors read a text: one UTF-16 unit for each visible character, every
 * decimal digit of any script as its ASCII digit, every space as ' ', every dash as '-', fullwidth
 * forms as their ASCII twins, and invisible characters left out.
 */
export type NormalForm = {
  readonly text: string
  /** For each unit of `text`, where its source begins. */
  readonly starts: readonly number[]
  /** For each unit of `text`, where its source ends, what is invisible after it included. */
  readonly ends: readonly number[]
}

const DIGIT = /\p{Nd}/u
const SPACE = /[\s\p{Z}]/u
const DASH = /[\p{Pd}\u2212]/u

// Format characters (joiners, soft hyphens, marks of direction), variation selectors and the
// keycap's frame: they change how a digit looks, not what it says.
const INVISIBLE = /[\p{Cf}\uFE00-\uFE0F\u20E3]/u

const BEYOND_ONE_UNIT = '\uFFFD'
const FULLWIDTH_FIRST = 0xff01
const FULLWIDTH_LAST = 0xff5e
const FULLWIDTH_OFFSET = 0xfee0

export function normalForm(source: string): NormalForm {
  const units: string[] = []
  const starts: number[] = []
  const ends: number[] = []
  let position = 0
  for (const character of source) {
    const end = position + character.length
    if (!INVISIBLE.test(character)) {
      units.push(unitFor(character))
      starts.push(position)
      ends.push(end)
    } else if (ends.length > 0) {
      ends[ends.length - 1] = end
    }
    position = end
  }
  return { text: units.join(''), starts, ends }
}

function unitFor(character: string): string {
  if (character <= '\x7f') return SPACE.test(character) ? ' ' : character
  if (DIGIT.test(character)) return digitValue(character)
  if (SPACE.test(character)) return ' '
  if (DASH.test(character)) return '-'
  if (character.length > 1) return BEYOND_ONE_UNIT
  const code = character.charCodeAt(0)
  const isFullwidth = code >= FULLWIDTH_FIRST && code <= FULLWIDTH_LAST
  return isFullwidth ? String.fromCharCode(code - FULLWIDTH_OFFSET) : character
}

// Unicode lays decimal digits out in unbroken runs from zero to nine; some runs touch.
function digitValue(character: string): string {
  const code = character.codePointAt(0) ?? 0
  let first = code
  while (DIGIT.test(String.fromCodePoint(first - 1))) first -= 1
  return String((code - first) % 10)
}
