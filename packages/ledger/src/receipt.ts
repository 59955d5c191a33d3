import { isFinal, type CallEvent, type CallStatus, type Receipt } from '@callwire/contracts'

/** How long an answered call whose media never came is waited for, after its end. */
export const NO_MEDIA_WAIT_MS = 60_000

export type ReceiptFacts = {
  status: CallStatus
  answeredAtMs: number | null
  endedAtMs: number | null
  nowMs: number
  /** One per media socket the call had. */
  streams: readonly { ended: boolean }[]
  /** Null when the call had no audio. */
  transcription: 'pending' | 'done' | null
  lastType: string | null
}

export type ReceiptVerdict = 'write' | 'closed' | 'wait'

/**
 * Whether everything a receipt counts is there: the status is final, media has ended or will not
 * come, and the words are done. `closed` when the last fact is a receipt already.
 */
export function receiptVerdict(facts: ReceiptFacts): ReceiptVerdict {
  if (facts.lastType === 'call.receipt') return 'closed'
  if (!isFinal(facts.status)) return 'wait'
  if (facts.transcription === 'pending') return 'wait'
  if (facts.streams.length > 0) return facts.streams.every((s) => s.ended) ? 'write' : 'wait'
  // Completed implies that somebody answered, whether or not Exotel said so on the way.
  const answered = facts.answeredAtMs !== null || facts.status === 'completed'
  if (!answered) return 'write'
  const since = facts.endedAtMs ?? facts.nowMs
  return facts.nowMs - since >= NO_MEDIA_WAIT_MS ? 'write' : 'wait'
}

/** The types that a receipt sums up, or that tell what is missing of the call. */
export const summedTypes = [
  'stream.started',
  'stream.ended',
  'transcript.final',
  'transcript.gap',
  'call.receipt',
] as const

type Range = { fromMs: number; toMs: number }

/** The receipt of a call, from its events of {@link summedTypes} and its head. */
export function receiptOf(
  head: { seq: number; hash: string },
  events: readonly CallEvent[],
): Receipt {
  const sum = { frames: 0, duplicated: 0, rewound: 0, audioMs: 0 }
  const utterances = new Set<string>()
  const gaps: Range[] = []
  let revision = 1
  for (const event of events) {
    if (event.type === 'call.receipt') revision += 1
    if (event.data === null) continue
    if (event.type === 'stream.ended') {
      sum.frames += event.data.frames
      sum.duplicated += event.data.duplicated
      sum.rewound += event.data.rewound
      sum.audioMs += event.data.audioMs
      gaps.push(...event.data.gaps)
    } else if (event.type === 'transcript.final') {
      utterances.add(event.data.utteranceId)
    } else if (event.type === 'transcript.gap') {
      gaps.push({ fromMs: event.data.fromMs, toMs: event.data.toMs })
    }
  }
  return {
    revision,
    events: head.seq,
    utterances: utterances.size,
    ...sum,
    gaps: union(gaps),
    hash: head.hash,
  }
}

/** Ranges in order, those that overlap or touch joined, empty ones left out. */
export function union(ranges: readonly Range[]): Range[] {
  const joined: Range[] = []
  for (const { fromMs, toMs } of ranges.toSorted((a, b) => a.fromMs - b.fromMs)) {
    const last = joined.at(-1)
    if (toMs <= fromMs) continue
    if (last !== undefined && fromMs <= last.toMs) last.toMs = Math.max(last.toMs, toMs)
    else joined.push({ fromMs, toMs })
  }
  return joined
}
