import { isBrokenStreamEnd, type CallEvent } from '@callwire/contracts'

/** The reason of a `transcript.gap` for the part of a call that came after its media had broken off. */
export const STREAM_LOST = 'stream_lost'

/** Exotel ends a stream after an hour, and the call may go on: its own limit is four. */
const LONGEST_STREAM_MS = 60 * 60_000
/** The cap is Exotel's to time. */
const CAP_SLACK_MS = 30_000
/** Less than a block of audio holds no word. */
const LEAST_REST_MS = 100
/** A word that the break cut in two was not heard whole: no word is longer. */
const CUT_WORD_MS = 2_000

export type UnheardFacts = {
  /** In order of their seq; at least those of streams, finals and gaps. */
  events: readonly CallEvent[]
  /** The call's media sockets. */
  streams: readonly {
    openedAt: Date
    startedAt: Date | null
    clockStartMs: number
    clockMs: number
  }[]
  /** Up to here on the call's clock, the audio has been heard. */
  ackedMs: number
  /** The end of the call; null while it is not known. */
  endedAt: Date | null
}

/**
 * The stretch of a call's clock from the end of its audio to the end of the call, when the audio
 * broke off before: the last socket ended for a reason of ours or of the network's, or at Exotel's
 * cap. Null when Exotel said that the audio was over, or there is no such stretch. It holds the whole
 * of a word that was cut, and begins behind every word that was had and every gap that is told already.
 */
export function unheardRest(facts: UnheardFacts): { fromMs: number; toMs: number } | null {
  const { streams, endedAt } = facts
  if (streams.length === 0 || endedAt === null || !isBrokenOff(facts)) return null
  const starts = streams.flatMap(({ startedAt }) =>
    startedAt === null ? [] : [startedAt.getTime()],
  )
  const firstAudioMs =
    starts.length > 0
      ? Math.min(...starts)
      : Math.min(...streams.map(({ openedAt }) => openedAt.getTime()))
  const audioMs = Math.max(facts.ackedMs, ...streams.map(({ clockMs }) => clockMs))
  const toMs = Math.max(audioMs, Math.floor(endedAt.getTime() - firstAudioMs))
  // A call whose socket is all it has ends with it: the word that was cut is missing then, too.
  const fromMs = Math.max(audioMs - CUT_WORD_MS, toldTo(facts))
  return toMs - fromMs < LEAST_REST_MS ? null : { fromMs, toMs }
}

/** Where the last word or told gap ends. */
function toldTo({ events }: UnheardFacts): number {
  let toMs = 0
  for (const event of events) {
    if (event.data === null) continue
    if (event.type === 'transcript.final') toMs = Math.max(toMs, event.data.endMs)
    if (event.type === 'transcript.gap') toMs = Math.max(toMs, event.data.toMs)
    if (event.type === 'stream.ended') {
      for (const gap of event.data.gaps) toMs = Math.max(toMs, gap.toMs)
    }
  }
  return toMs
}

/** The ends since the last socket's audio began are its own, and late news of sockets before it. */
function isBrokenOff({ events, streams }: UnheardFacts): boolean {
  const last = events.findLastIndex(({ type }) => type === 'stream.started')
  const ends = events
    .slice(last + 1)
    .flatMap((event) => (event.type === 'stream.ended' && event.data !== null ? [event.data] : []))
  if (ends.length > 0 && ends.every(({ reason }) => isBrokenStreamEnd(reason))) return true
  const clockMs = Math.max(...streams.map((stream) => stream.clockMs))
  return streams.some(
    (stream) =>
      stream.clockMs === clockMs &&
      stream.clockMs - stream.clockStartMs >= LONGEST_STREAM_MS - CAP_SLACK_MS,
  )
}
