import { matches, type Candidate } from '../candidate.ts'
import { joinedChains, spelledChains, stretches } from '../chain.ts'
import { digitsOf, groups, SEPARATOR, standing } from '../digits.ts'

const PREFIX = `(?:\\(?(?:\\+ ?|00?)?91\\)?${SEPARATOR}?|\\(?0\\)?${SEPARATOR}?)?`
const BODIES = ['10', '5,5', '3,3,4', '4,3,3'].map((sizes) => groups(...sizes.split(',')))

/** Indian mobiles begin with 6 to 9 (Department of Telecommunications, National Numbering Plan). */
const MOBILE = standing(`${PREFIX}\\(?(?=[6-9])(?:${BODIES.join('|')})`)

/** Two halves as speech recognisers write a pause. */
const PAUSED = standing(`${PREFIX}(?=[6-9])\\d{5}, \\d{5}`)

/** 0, an area code of 2 to 4 digits and a subscriber number: 11 digits together. */
const LANDLINE = standing(
  ...['11', '3,8', '3,4,4', '4,7', '4,3,4', '5,6', '5,3,3'].map(
    (sizes) => `(?=\\(?0[1-9])${landline(sizes.split(','))}`,
  ),
)

/** 1800 (called party pays) and 1860 (shared), then 6 to 9 digits. */
const TOLL_FREE = standing(
  `18[06]0(?:${SEPARATOR}?\\d{6,9}|${SEPARATOR}\\d{2,4}${SEPARATOR}\\d{3,4}(?:${SEPARATOR}\\d{2})?)`,
)

/** E.164: a plus, then 7 to 15 digits however they are grouped. */
const INTERNATIONAL = /\+ ?\(?\d(?:[-. ()]{0,3}\d){6,14}(?!\d)/g

/** Lengths with country code, where a country's numbers all have one: what follows is not theirs. */
const FIXED_LENGTHS = [
  { code: '91', digits: 12 },
  { code: '1', digits: 11 },
] as const

/** Digits grouped in no customary way that are an Indian mobile, with or without prefix. */
const MOBILE_DIGITS = /^(?:0|0{0,2}91)?[6-9]\d{9}$/
const MAX_MOBILE_DIGITS = 14

const SPELLED_LENGTHS = { min: 7, max: 11 } as const

/** Written phone numbers: Indian mobiles, landlines and toll-free ones, and international ones. */
export function detectPhones(normal: string): Candidate[] {
  return [
    ...matches(normal, MOBILE, 'phone', () => 0.7),
    ...matches(normal, PAUSED, 'phone', () => 0.7),
    ...matches(normal, LANDLINE, 'phone', () => 0.7),
    ...matches(normal, TOLL_FREE, 'phone', () => 0.7),
    ...international(normal),
    ...readOut(normal),
  ]
}

function international(normal: string): Candidate[] {
  return Array.from(normal.matchAll(INTERNATIONAL), ({ 0: match, index }) => ({
    kind: 'phone',
    start: index,
    end: index + lengthOfNumber(match),
    score: 0.9,
  }))
}

function lengthOfNumber(match: string): number {
  const fixed = FIXED_LENGTHS.find(({ code }) => digitsOf(match).startsWith(code))
  if (fixed === undefined) return match.length
  let seen = 0
  for (let index = 0; index < match.length; index += 1) {
    if (/\d/.test(match.charAt(index))) seen += 1
    if (seen === fixed.digits) return /\d/.test(match.charAt(index + 1)) ? match.length : index + 1
  }
  return match.length
}

/** Numbers in whatever groups they were read out, also beside digits that are not theirs. */
function readOut(normal: string): Candidate[] {
  const mobiles = joinedChains(normal).flatMap((chain) =>
    [...stretches(chain, MAX_MOBILE_DIGITS)].filter(({ digits }) => MOBILE_DIGITS.test(digits)),
  )
  const spelled = spelledChains(normal).filter(
    ({ digits: { length } }) => length >= SPELLED_LENGTHS.min && length <= SPELLED_LENGTHS.max,
  )
  return [...mobiles, ...spelled].map(({ start, end }) => ({
    kind: 'phone',
    start,
    end,
    score: 0.6,
  }))
}

function landline(sizes: readonly string[]): string {
  const [area, ...rest] = sizes
  if (area === undefined || rest.length === 0) return groups(...sizes)
  return `\\(?\\d{${area}}\\)?${SEPARATOR}${groups(...rest)}`
}
