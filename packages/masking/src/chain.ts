/** A digit group and where it stands. */
export type Group = { readonly digits: string; readonly start: number; readonly end: number }

/** Digit groups that follow each other. */
export type Chain = {
  readonly groups: readonly Group[]
  readonly digits: string
  readonly start: number
  readonly end: number
}

// Apart, since one group may end a chain of the one kind and begin one of the other.
const JOINED = [/(?<!\d)\d+(?: \d+)+/g, /(?<!\d)\d+(?:-\d+)+/g]
const SPELLED = /(?<!\d)\d(?:(?:, ?| ?[-.] ?| {1,2})\d)+(?!\d)/g

/** Chains joined by single spaces alone or by dashes alone, as long as they go. */
export function joinedChains(normal: string): Chain[] {
  return JOINED.flatMap((pattern) => chains(normal, pattern))
}

/** Numbers read out digit by digit, as long as they go; commas are pauses. */
export function spelledChains(normal: string): Chain[] {
  return chains(normal, SPELLED)
}

/** Every run of neighbouring groups within a chain, of at most so many digits. */
export function* stretches(chain: Chain, maxDigits: number): Generator<Omit<Chain, 'groups'>> {
  for (const [first, { start }] of chain.groups.entries()) {
    let digits = ''
    for (let next = first; next < chain.groups.length; next += 1) {
      const group = chain.groups[next]
      digits += group?.digits ?? ''
      if (group === undefined || digits.length > maxDigits) break
      yield { digits, start, end: group.end }
    }
  }
}

function chains(normal: string, pattern: RegExp): Chain[] {
  return Array.from(normal.matchAll(pattern), ({ 0: match, index }) => chainOf(match, index))
}

function chainOf(match: string, offset: number): Chain {
  const groups = Array.from(match.matchAll(/\d+/g), ({ 0: digits, index }) => ({
    digits,
    start: offset + index,
    end: offset + index + digits.length,
  }))
  const digits = groups.map((group) => group.digits).join('')
  return { groups, digits, start: offset, end: offset + match.length }
}
