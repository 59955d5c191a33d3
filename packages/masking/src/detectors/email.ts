import type { Candidate } from '../candidate.ts'

const LOCAL = /[\p{L}\p{M}\p{N}.!#$%&'*+/=?^_`{|}~-]/u
const DOMAIN = /^[\p{L}\p{M}\p{N}-]+(?:\.[\p{L}\p{M}\p{N}-]+)*\.\p{L}[\p{L}\p{M}\p{N}-]+/u

/** RFC 5321 section 4.5.3.1: a domain has at most 255 octets; one part more for what follows. */
const DOMAIN_REACH = 256

/** E-mail addresses, also with single spaces around the at sign. */
export function detectEmails(normal: string): Candidate[] {
  const candidates: Candidate[] = []
  for (let at = normal.indexOf('@'); at >= 0; at = normal.indexOf('@', at + 1)) {
    const localEnd = normal.charAt(at - 1) === ' ' ? at - 1 : at
    const start = startOfLocal(normal, localEnd)
    const domainStart = normal.charAt(at + 1) === ' ' ? at + 2 : at + 1
    const domain = DOMAIN.exec(normal.slice(domainStart, domainStart + DOMAIN_REACH))
    if (start === localEnd || domain === null) continue
    const end = domainStart + domain[0].length
    candidates.push({ kind: 'email', start, end, score: 0.9 })
  }
  return candidates
}

// By hand: a pattern that ends at the at sign would try every place before it.
function startOfLocal(normal: string, end: number): number {
  let start = end
  while (start > 0 && LOCAL.test(normal.charAt(start - 1))) start -= 1
  return start
}
