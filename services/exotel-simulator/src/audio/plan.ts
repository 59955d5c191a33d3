import { type Script } from '../scripts/script.ts'
import { type CaptionRecord, cutRecord, framesForText, type Piece } from './caption.ts'
import { syllablesOf, type Vowel } from './syllables.ts'

export const FRAME_MS = 20
const LEAD_IN_MS = 300
const TAIL_MS = 500
const TURN_PAUSE_MS = 380
const WORD_GAP_MS = 40
const COMMA_GAP_MS = 140
const SYLLABLE_MS = 134
const WORD_ONSET_MS = 55

/** All times are ms since the first frame and multiples of 20. */
export type PlannedWord = {
  text: string
  startMs: number
  endMs: number
  syllables: readonly Vowel[]
}
export type PlannedUtterance = {
  utterance: number
  speaker: number
  language: string
  startMs: number
  endMs: number
  words: readonly PlannedWord[]
}
export type Plan = { utterances: readonly PlannedUtterance[]; durationMs: number }

const toFrames = (ms: number): number => Math.ceil(ms / FRAME_MS) * FRAME_MS

/** A word takes the time of its syllables, and never less than its captions need. */
function wordMs(syllables: number, captionFrames: number): number {
  const spoken = WORD_ONSET_MS + syllables * SYLLABLE_MS
  return Math.max(toFrames(spoken), captionFrames * FRAME_MS)
}

function planTurn(
  turn: Script['turns'][number],
  utterance: number,
  startMs: number,
): PlannedUtterance {
  const texts = turn.text.split(/\s+/)
  const words: PlannedWord[] = []
  let at = startMs
  texts.forEach((text, index) => {
    const syllables = syllablesOf(text)
    const isLast = index === texts.length - 1
    const frames = framesForText(text) + (isLast ? framesForText(turn.language) : 0)
    const endMs = at + wordMs(syllables.length, frames)
    words.push({ text, startMs: at, endMs, syllables })
    at = endMs + (/[,;:.?!।]$/.test(text) ? COMMA_GAP_MS : WORD_GAP_MS)
  })
  const endMs = words.at(-1)?.endMs ?? startMs
  return { utterance, speaker: turn.speaker, language: turn.language, startMs, endMs, words }
}

/** When each word of a script is spoken. The same script always gives the same plan. */
export function planScript(script: Script): Plan {
  const utterances: PlannedUtterance[] = []
  let at = LEAD_IN_MS
  script.turns.forEach((turn, index) => {
    if (turn.pauseMs !== undefined) at += toFrames(turn.pauseMs)
    else if (index > 0) at += TURN_PAUSE_MS
    const planned = planTurn(turn, index & 0xffff, toFrames(at))
    utterances.push(planned)
    at = planned.endMs
  })
  return { utterances, durationMs: toFrames(at + TAIL_MS) }
}

/**
 * Which frame carries which piece. A word's record ends in the word's last frame; the last word of an utterance makes
 * room for the utterance's end record, which ends in the utterance's last frame.
 */
export function scheduleCaptions(plan: Plan): Map<number, Piece> {
  const pieces = new Map<number, Piece>()
  /** Puts a record into the frames just before `frameAfter` and returns its first frame. */
  const placeBefore = (frameAfter: number, record: CaptionRecord): number => {
    const cut = cutRecord(record)
    cut.forEach((piece, i) => pieces.set(frameAfter - cut.length + i, piece))
    return frameAfter - cut.length
  }
  for (const { speaker, utterance, startMs, endMs, language, words } of plan.utterances) {
    const end = { speaker, utterance, startMs, endMs, text: language }
    const endFrame = placeBefore(endMs / FRAME_MS, { type: 'utterance_end', ...end })
    words.forEach((word, index) => {
      const frameAfter = index === words.length - 1 ? endFrame : word.endMs / FRAME_MS
      const said = { text: word.text, startMs: word.startMs, endMs: word.endMs }
      placeBefore(frameAfter, { type: 'word', speaker, utterance, ...said })
    })
  }
  return pieces
}
