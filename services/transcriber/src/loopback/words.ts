import type { ProviderEvent } from '../speech/provider.ts'
import { FRAME_MS } from './frame.ts'
import type { Damage, Ordered } from './frame-order.ts'
import { createStreamTime } from './stream-time.ts'
import { parseRecord, type CaptionRecord } from './record.ts'

/**
 * An utterance that lost its end mark is closed this long after its last word: a word that was lost
 * inside it takes less.
 */
const ENDPOINT_SILENCE_MS = 3_000

/** Damage is remembered this long: no word is longer. */
const DAMAGE_MEMORY_MS = 30_000

type Word = Extract<CaptionRecord, { type: 'word' }>
type Utterance = { number: number; speaker: number; words: Word[]; startMs: number; endMs: number }
type Range = { fromMs: number; toMs: number; damage: Damage }

export type WordAssembler = {
  /** Sound is missing right before the next frame; of use before the first one, as frames are numbered. */
  missed(): void
  push(ordered: Ordered): ProviderEvent[]
  flush(): ProviderEvent[]
}

const speakers = ['agent', 'customer']

/**
 * Puts captions together into interims and finals. A word is believed when every frame it was spoken
 * in arrived whole and in its place; any other is reported lost, with the reason. A pure state machine.
 */
export function createWordAssembler(): WordAssembler {
  let pieces: Buffer[] | null = null
  let waiting: CaptionRecord[] = []
  let damages: Range[] = []
  let loss: Range | null = null
  let hasHeard = false
  let beginsCut = false
  /** Where listening began, when that was behind a hole. */
  let cutMs = 0
  let lastEndMs = 0
  let nowMs = 0
  const open = new Map<number, Utterance>()

  const time = createStreamTime()
  const onConnection = time.onConnection

  const lost = (fromMs: number, toMs: number, damage: Damage): ProviderEvent => ({
    type: 'lost',
    startMs: onConnection(fromMs),
    endMs: onConnection(Math.max(fromMs, toMs)),
    reason: damage,
  })

  const settleLoss = (untilMs: number): ProviderEvent[] => {
    if (loss === null) return []
    const event = lost(loss.fromMs, Math.max(loss.toMs, untilMs), loss.damage)
    loss = null
    return [event]
  }

  const describe = (utterance: Utterance) => ({
    segment: String(utterance.number),
    text: utterance.words.map((word) => word.text).join(' '),
    startMs: onConnection(utterance.startMs),
    endMs: onConnection(utterance.endMs),
    words: utterance.words.map(({ text, startMs, endMs }) => ({
      text,
      startMs: onConnection(startMs),
      endMs: onConnection(endMs),
    })),
    speaker: speakers[utterance.speaker] ?? `speaker ${String(utterance.speaker)}`,
  })

  const close = (utterance: Utterance, language?: string): ProviderEvent[] => {
    open.delete(utterance.number)
    if (utterance.words.length === 0) return []
    return [{ type: 'final', ...describe(utterance), ...(language ? { language } : {}) }]
  }

  const closeStale = (isStale: (utterance: Utterance) => boolean): ProviderEvent[] =>
    [...open.values()].filter(isStale).flatMap((utterance) => close(utterance))

  const settleWord = (word: Word): ProviderEvent[] => {
    const hit = damages.find((range) => range.fromMs < word.endMs && range.toMs > word.startMs)
    const out = settleLoss(word.startMs)
    lastEndMs = Math.max(lastEndMs, word.endMs)
    out.push(
      ...closeStale((other) => other.speaker === word.speaker && other.number !== word.utterance),
    )
    if (hit !== undefined) return [...out, lost(word.startMs, word.endMs, hit.damage)]
    const utterance = open.get(word.utterance) ?? {
      number: word.utterance,
      speaker: word.speaker,
      words: [],
      startMs: word.startMs,
      endMs: word.endMs,
    }
    utterance.words.push(word)
    utterance.endMs = Math.max(utterance.endMs, word.endMs)
    open.set(word.utterance, utterance)
    return [...out, { type: 'interim', ...describe(utterance) }]
  }

  const settle = (record: CaptionRecord): ProviderEvent[] => {
    if (record.type === 'word') return settleWord(record)
    const utterance = open.get(record.utterance)
    const out = settleLoss(record.endMs)
    if (utterance !== undefined) return [...out, ...close(utterance, record.language)]
    // Listening began in its last word, whose own record had gone by.
    const hasToldIt = out.length > 0 || record.endMs <= Math.max(cutMs, lastEndMs)
    if (hasToldIt || record.startMs >= cutMs) return out
    lastEndMs = record.endMs
    return [lost(cutMs, record.endMs, 'audio_missing')]
  }

  /** A word is settled by the first good frame after it: until then its last frame may come twice. */
  const settleUntil = (ms: number): ProviderEvent[] => {
    const due = waiting.filter((record) => record.endMs <= ms)
    waiting = waiting.filter((record) => record.endMs > ms)
    return due.flatMap(settle)
  }

  const breakRecord = (range: Range) => {
    pieces = null
    loss ??= { ...range, fromMs: Math.min(lastEndMs, range.fromMs) }
  }

  /** Listening begins behind a hole: a word that is being spoken has lost its beginning. */
  const beginCut = (firstMs: number) => {
    const fromMs = firstMs - FRAME_MS
    damages.push({ fromMs, toMs: firstMs, damage: 'audio_missing' })
    lastEndMs = fromMs
    cutMs = firstMs
  }

  const readPiece = (frame: Extract<Ordered, { kind: 'frame' }>['frame']) => {
    if (frame.piece.length === 0) return
    if (frame.recordStarts) pieces = []
    // A continuation whose beginning was not heard: either damage said so already, or listening began in mid-word.
    if (pieces === null) return
    pieces.push(frame.piece)
    if (!frame.recordEnds) return
    const record = parseRecord(Buffer.concat(pieces))
    pieces = null
    if (record !== null) waiting.push(record)
  }

  return {
    missed() {
      beginsCut ||= !hasHeard
    },
    push(ordered) {
      if (ordered.kind === 'damage') {
        damages.push(ordered)
        // A frame heard twice took nothing away. One lost frame leaves the rest of its record to be seen;
        // two may have held a whole one.
        const frames = (ordered.toMs - ordered.fromMs) / FRAME_MS
        const mayHaveTaken = ordered.damage !== 'audio_doubled' && (pieces !== null || frames > 1)
        if (mayHaveTaken) breakRecord(ordered)
        return []
      }
      const { frame } = ordered
      if (!hasHeard && beginsCut && frame.index > 0) beginCut(frame.index * FRAME_MS)
      hasHeard = true
      time.at(frame.index * FRAME_MS, ordered.offsetMs)
      nowMs = (frame.index + 1) * FRAME_MS
      damages = damages.filter((range) => range.toMs > nowMs - DAMAGE_MEMORY_MS)
      const startsLate = frame.piece.length > 0 && !frame.recordStarts && pieces === null
      const before = damages.at(-1)
      if (startsLate && before?.toMs === frame.index * FRAME_MS) breakRecord(before)
      const out = settleUntil(frame.index * FRAME_MS)
      readPiece(frame)
      out.push(...closeStale((utterance) => utterance.endMs + ENDPOINT_SILENCE_MS < nowMs))
      return out
    },
    flush() {
      return [
        ...settleUntil(Number.MAX_SAFE_INTEGER),
        ...settleLoss(nowMs),
        ...closeStale(() => true),
      ]
    },
  }
}
