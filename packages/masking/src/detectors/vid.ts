import { matches, type Candidate } from '../candidate.ts'
import { passesVerhoeff } from '../checksum.ts'
import { hasCue } from '../cue.ts'
import { digitsOf, groups, standing } from '../digits.ts'

/** Sixteen digits in one run or in fours, as UIDAI prints them. */
const VID = standing('\\d{16}', groups('4', '4', '4', '4'))

/** Virtual ids of Aadhaar. They look like cards: checksums and cues decide between the two. */
export function detectVids(normal: string): Candidate[] {
  return matches(
    normal,
    VID,
    'vid',
    (match, start) =>
      0.4 + (passesVerhoeff(digitsOf(match)) ? 0.2 : 0) + (hasCue('vid', normal, start) ? 0.6 : 0),
  )
}
