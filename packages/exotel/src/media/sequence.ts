/** What a message's number says about the messages before it. */
export type SequenceNews = { missing: number; rewound: boolean }

export type Sequence = {
  /** Takes the next message's number, if it has one. */
  next(sequenceNumber: number | undefined): SequenceNews
  last(): number | undefined
}

const nothing: SequenceNews = { missing: 0, rewound: false }

/**
 * Follows a socket's numbering. `missing` counts the numbers that were skipped. A number that
 * does not rise is a rewind: numbering goes on from there, or from the highest number seen when
 * it was a single late message, and neither is called a gap. Once a number below the highest
 * follows it, numbering has begun anew, and what was seen before says nothing of holes in it.
 */
export function createSequence(): Sequence {
  let last: number | undefined
  let highest = -1
  return {
    last: () => last,
    next: (sequenceNumber) => {
      if (sequenceNumber === undefined) return nothing
      const previous = last
      last = sequenceNumber
      if (previous === undefined) {
        highest = sequenceNumber
        return nothing
      }
      if (sequenceNumber <= previous) return { missing: 0, rewound: true }
      const reference = sequenceNumber > highest ? highest : previous
      highest = sequenceNumber
      return { missing: sequenceNumber - reference - 1, rewound: false }
    },
  }
}
