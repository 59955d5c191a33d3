import type { MediaFrame } from './media-message.ts'
import { createSequence } from './sequence.ts'

/** A stretch of the call's clock, ms. */
export type Range = { fromMs: number; toMs: number }

export type FrameResult =
  | {
      action: 'accept'
      /** Whole samples; may be empty when the frame was a single byte. */
      pcm: Buffer
      /** Place of the first sample of `pcm` on the call's clock, in samples and in ms. */
      startSample: number
      startMs: number
      /** What is missing right before this frame. */
      gap: Range | null
      gapMs: number
    }
  | { action: 'duplicate' }
  /** The call's clock stands at its end: nothing is taken any more. */
  | { action: 'beyond' }

export type FrameCounters = {
  frames: number
  duplicated: number
  rewound: number
  gaps: readonly Range[]
  audioMs: number
  clockMs: number
}

export type FrameAccountant = {
  frame(frame: MediaFrame): FrameResult
  /** A message without audio that carries a number of the same series. */
  note(sequenceNumber: number | undefined): void
  counters(): FrameCounters
}

const bytesPerSample = 2
const nothing = Buffer.alloc(0)
/**
 * Exotel ends a stream after 60 min: more than that is not missing of one, in one hole or in all of
 * them. Its numbering is broken, which is told as rewound.
 */
export const MOST_MISSING_MS = 60 * 60_000
/**
 * Where a call's clock ends. Exotel's longest call is four hours, whichever sockets it has; a clock
 * beyond a day is driven by somebody who makes it up, and its numbers must fit where they are kept.
 */
export const LONGEST_CLOCK_MS = 24 * 60 * 60_000
/** A stream with more holes than this is told with its last ones joined: the list is bounded. */
const maxGaps = 5_000

/**
 * Keeps the books of one media socket: which frames count, what is missing between them, and
 * where each lies on the call's clock. A gap is the missing numbers times the length of the last
 * frame; it moves the clock and is no audio. The clock ends at {@link LONGEST_CLOCK_MS}. All ms
 * are floored. `startMs` is where the call's
 * clock stands when the socket begins.
 */
export function createFrameAccountant(o: {
  sampleRate: number
  startMs?: number
}): FrameAccountant {
  const sequence = createSequence()
  const bytesPerSecond = o.sampleRate * bytesPerSample
  const msOf = (bytes: number) => Math.floor((bytes * 1000) / bytesPerSecond)
  const counts = { frames: 0, duplicated: 0, rewound: 0 }
  const gaps: Range[] = []
  // The clock in bytes: a byte is half a sample, and only whole numbers add up without drift.
  let clockBytes = Math.ceil(((o.startMs ?? 0) * o.sampleRate) / 1000) * bytesPerSample
  let audioBytes = 0
  let missingBytes = 0
  let carry: Buffer = nothing
  let lastLength = 0
  let previous: { sequenceNumber: number | undefined; chunk: number | undefined } | undefined
  let pendingMissing = 0

  function takeGap(missing: number): Range | null | 'broken' {
    const bytes = missing * lastLength
    if (bytes === 0) return null
    if (msOf(missingBytes + bytes) > MOST_MISSING_MS) return 'broken'
    if (msOf(clockBytes + bytes) > LONGEST_CLOCK_MS) return 'broken'
    missingBytes += bytes
    // The half sample before the hole has lost its other half.
    carry = nothing
    const gap = { fromMs: msOf(clockBytes), toMs: msOf(clockBytes + bytes) }
    clockBytes += bytes
    const before = gaps.at(-1)
    if (before !== undefined && (before.toMs === gap.fromMs || gaps.length >= maxGaps)) {
      gaps[gaps.length - 1] = { fromMs: before.fromMs, toMs: gap.toMs }
    } else gaps.push(gap)
    return gap
  }

  return {
    frame: ({ payload, sequenceNumber, chunk }) => {
      const isRepeat =
        sequenceNumber !== undefined &&
        chunk !== undefined &&
        sequenceNumber === previous?.sequenceNumber &&
        chunk === previous.chunk
      if (isRepeat) {
        counts.duplicated += 1
        return { action: 'duplicate' }
      }
      if (msOf(clockBytes) >= LONGEST_CLOCK_MS) return { action: 'beyond' }
      const news = sequence.next(sequenceNumber)
      const missing = takeGap(pendingMissing + news.missing)
      const gap = missing === 'broken' ? null : missing
      pendingMissing = 0
      previous = { sequenceNumber, chunk }
      lastLength = payload.length
      counts.frames += 1
      if (news.rewound || missing === 'broken') counts.rewound += 1

      // With an odd clock and nothing carried, the first byte is the end of a sample that is lost.
      const orphan = carry.length === 0 && clockBytes % bytesPerSample === 1 ? 1 : 0
      const startBytes = clockBytes - carry.length + orphan
      const { pcm, rest } = splitWhole(carry, orphan === 0 ? payload : payload.subarray(orphan))
      carry = rest
      clockBytes += payload.length
      audioBytes += payload.length
      return {
        action: 'accept',
        pcm,
        startSample: startBytes / bytesPerSample,
        startMs: msOf(startBytes),
        gap,
        gapMs: gap === null ? 0 : gap.toMs - gap.fromMs,
      }
    },
    note: (sequenceNumber) => {
      const last = sequence.last()
      // Another event may have a numbering of its own; only one that goes on is believed.
      if (sequenceNumber === undefined || (last !== undefined && sequenceNumber <= last)) return
      pendingMissing += sequence.next(sequenceNumber).missing
    },
    counters: () => ({
      ...counts,
      gaps: [...gaps],
      audioMs: msOf(audioBytes),
      clockMs: msOf(clockBytes),
    }),
  }
}

/** Whole samples, and the byte that is half of one. A frame that is whole by itself is not copied. */
function splitWhole(carry: Buffer, payload: Buffer): { pcm: Buffer; rest: Buffer } {
  if (carry.length === 0 && payload.length % bytesPerSample === 0) {
    return { pcm: payload, rest: nothing }
  }
  const bytes = Buffer.concat([carry, payload])
  const wholeBytes = bytes.length - (bytes.length % bytesPerSample)
  return { pcm: bytes.subarray(0, wholeBytes), rest: Buffer.from(bytes.subarray(wholeBytes)) }
}
