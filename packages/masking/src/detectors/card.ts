import { matches, type Candidate } from '../candidate.ts'
import { joinedChains, spelledChains } from '../chain.ts'
import { passesLuhn } from '../checksum.ts'
import { hasCue } from '../cue.ts'
import { digitsOf, groups, standing } from '../digits.ts'

/**
 * Payment cards have 13 to 19 digits (ISO/IEC 7812-1). As written: one run, fours (with the three
 * more of the longest, which may as well be the code on the back), or 4-6-5 and 4-6-4.
 */
const CARD = standing(
  groups('13,19'),
  groups('4', '4', '4', '4', '3'),
  groups('4', '4', '4', '4'),
  groups('4', '6', '4,5'),
)

const MIN_DIGITS = 13
const MAX_DIGITS = 19
const BASE = 0.5

/** Payment cards. The check digit and a cue make the kind surer; without them it is still hidden. */
export function detectCards(normal: string): Candidate[] {
  return [
    ...matches(normal, CARD, 'card', (match, start) => score(normal, digitsOf(match), start)),
    ...readOut(normal),
  ]
}

/** Digit by digit, or in groups that are no card's unless the check digit or a cue says so. */
function readOut(normal: string): Candidate[] {
  const spelled = spelledChains(normal).filter(({ digits }) => digits.length <= MAX_DIGITS)
  const joined = joinedChains(normal).filter(({ digits, start }) =>
    hasCue('card', normal, start)
      ? digits.length >= MIN_DIGITS
      : digits.length <= MAX_DIGITS && passesLuhn(digits),
  )
  return [...spelled, ...joined]
    .filter(({ digits }) => digits.length >= MIN_DIGITS)
    .map(({ digits, start, end }) => ({
      kind: 'card',
      start,
      end,
      score: score(normal, digits, start),
    }))
}

function score(normal: string, digits: string, start: number): number {
  return BASE + (passesLuhn(digits) ? 0.3 : 0) + (hasCue('card', normal, start) ? 0.2 : 0)
}
