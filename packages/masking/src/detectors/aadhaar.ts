import { matches, type Candidate } from '../candidate.ts'
import { joinedChains, spelledChains } from '../chain.ts'
import { passesVerhoeff } from '../checksum.ts'
import { hasCue } from '../cue.ts'
import { digitsOf, standing } from '../digits.ts'

/** Twelve digits in one run or in fours, which people also join with colons. */
const AADHAAR = standing('\\d{12}', '\\d{4}(?:(?: ?[-.:] ?| {1,2})\\d{4}){2}')

const LENGTH = 12

/** What is beside the number may be read on in one breath; from 16 digits on it is a card. */
const MAX_LENGTH_WITH_CUE = 15

const BASE = 0.5

/**
 * Aadhaar numbers. Neither the checksum nor the rule that none begins with 0 or 1 is asked for: a
 * recogniser that misheard one digit still wrote down most of somebody's number.
 */
export function detectAadhaars(normal: string): Candidate[] {
  return [
    ...matches(normal, AADHAAR, 'aadhaar', (match, start) => score(normal, digitsOf(match), start)),
    ...readOut(normal),
  ]
}

/** Digit by digit, or in groups that are no Aadhaar's unless the checksum or a cue says so. */
function readOut(normal: string): Candidate[] {
  const spelled = spelledChains(normal).filter(({ digits }) => digits.length === LENGTH)
  const joined = joinedChains(normal).filter(({ digits, start }) =>
    hasCue('aadhaar', normal, start)
      ? digits.length >= LENGTH && digits.length <= MAX_LENGTH_WITH_CUE
      : digits.length === LENGTH && passesVerhoeff(digits),
  )
  return [...spelled, ...joined].map(({ digits, start, end }) => ({
    kind: 'aadhaar',
    start,
    end,
    score: score(normal, digits, start),
  }))
}

function score(normal: string, digits: string, start: number): number {
  return BASE + (passesVerhoeff(digits) ? 0.1 : 0) + (hasCue('aadhaar', normal, start) ? 0.4 : 0)
}
