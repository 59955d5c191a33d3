import type { CallEvent } from '@callwire/contracts'
import { ofType } from '../expected-words.ts'
import { chainProblem } from '../verify-chain.ts'
import { gapsOf, joined, receiptProblems } from './receipt-sums.ts'

/** Milliseconds on a call's clock. */
export type Range = { fromMs: number; toMs: number }

export type SpokenWord = { text: string; startMs: number; endMs: number }
/** One turn of the conversation, by the simulator's own account. No word comes twice in a conversation. */
export type SpokenTurn = { speakerName: string; words: readonly SpokenWord[] }

/** A call that is over, as those who spoke know it and as the ledger tells it. */
export type Told = {
  callId: string
  /** What was spoken, in ms since the call's first audio. */
  turns: readonly SpokenTurn[]
  /** When the conversation broke off: words that end later were not said in full. */
  spokenMs: number
  /** All of the ledger's events. */
  events: readonly CallEvent[]
  /** Where words may be missing, if anywhere; each that is has to lie in a gap. */
  mayMiss: Range | null
  /** From here on another socket goes on by wall time: places agree to `toleranceMs`, before it exactly. */
  exactToMs?: number
  toleranceMs?: number
  /** By how much a gap's edges may be off: a block that was on its way may be heard and named missing. */
  gapEdgeMs?: number
}

/**
 * Everything that is wrong with what the ledger tells of a call: a word in no final and in no gap, a word
 * told twice, told and named missing, never spoken, by another speaker or at another time; gaps where
 * nothing can have been lost; sums of the receipt; the chain. Empty when all is well. A pure function.
 */
export function violations(told: Told): string[] {
  const { callId, events } = told
  const chain = chainProblem(callId, events)
  return [
    ...(chain === null ? [] : [`chain: ${chain}`]),
    ...receiptProblems(events),
    ...streamProblems(events),
    ...wordProblems(told),
    ...gapProblems(told),
  ]
}

/** How many of the spoken words are in a final. */
export function saidWords({ turns, events }: Pick<Told, 'turns' | 'events'>): number {
  const said = new Set(finalsOf(events).flatMap(({ text }) => text.split(' ')))
  return turns.flatMap(({ words }) => words).filter(({ text }) => said.has(text)).length
}

/** The last revision of each utterance. */
function finalsOf(events: readonly CallEvent[]) {
  const last = new Map<string, ReturnType<typeof ofType<'transcript.final'>>[number]['data']>()
  for (const { data } of ofType(events, 'transcript.final')) {
    const earlier = last.get(data.utteranceId)
    if (earlier === undefined || data.rev > earlier.rev) last.set(data.utteranceId, data)
  }
  return [...last.values()]
}

function wordProblems(told: Told): string[] {
  const { turns, events, spokenMs, mayMiss } = told
  const problems: string[] = []
  const words = new Map(
    turns.flatMap(({ speakerName, words: own }) =>
      own.map((word) => [word.text, { ...word, speakerName }] as const),
    ),
  )
  const times = new Map<string, number>()
  for (const final of finalsOf(events)) {
    const place = `the final at ${final.startMs}–${final.endMs}`
    const spoken = final.text.split(' ').flatMap((text) => {
      times.set(text, (times.get(text) ?? 0) + 1)
      const word = words.get(text)
      if (word === undefined) problems.push(`${place} has “${text}”, which nobody said`)
      return word === undefined ? [] : [word]
    })
    const [first, last] = [spoken[0], spoken.at(-1)]
    if (first === undefined || last === undefined) continue
    if (spoken.some(({ speakerName }) => speakerName !== final.speaker)) {
      problems.push(`${place} is ${final.speaker ?? 'nobody'}’s and not ${first.speakerName}’s`)
    }
    if (spoken.some(({ startMs }, n) => startMs < (spoken[n - 1]?.startMs ?? 0))) {
      problems.push(`${place} has its words in another order`)
    }
    const isPlaced = near(told, first.startMs, final.startMs) && near(told, last.endMs, final.endMs)
    if (!isPlaced) problems.push(`${place} was spoken at ${first.startMs}–${last.endMs}`)
  }
  const gaps = joined(gapsOf(events))
  for (const word of words.values()) {
    const { text, startMs, endMs } = word
    const named = `“${text}” at ${startMs}–${endMs}`
    const n = times.get(text) ?? 0
    const leewayMs = Math.max(leewayAt(told, endMs), told.gapEdgeMs ?? 0)
    if (n > 1) problems.push(`${named} is told ${n} times`)
    if (n > 0) {
      const isNamedMissing = gaps.some(
        (gap) => gap.fromMs + leewayMs < endMs && gap.toMs - leewayMs > startMs,
      )
      if (isNamedMissing) problems.push(`${named} is told, and named missing`)
      continue
    }
    if (endMs > spokenMs) continue
    const isGap = gaps.some(
      (gap) => gap.fromMs - leewayMs <= startMs && gap.toMs + leewayMs >= endMs,
    )
    if (!isGap) problems.push(`${named} is in no final and in no gap`)
    const isAllowed = mayMiss !== null && mayMiss.fromMs <= endMs && mayMiss.toMs >= startMs
    if (!isAllowed) problems.push(`${named} is missing, though nothing was lost there`)
  }
  return problems
}

function gapProblems(told: Told): string[] {
  const { events, mayMiss } = told
  return gapsOf(events).flatMap((gap) => {
    const named = `the gap ${gap.fromMs}–${gap.toMs}`
    if (gap.toMs <= gap.fromMs) return [`${named} has no length`]
    const isAllowed = mayMiss !== null && mayMiss.fromMs < gap.toMs && mayMiss.toMs > gap.fromMs
    return isAllowed ? [] : [`${named} is where nothing was lost`]
  })
}

/** Each socket whose audio was begun has one end, and nothing is open when the receipt is written. */
function streamProblems(events: readonly CallEvent[]): string[] {
  const started = ofType(events, 'stream.started').length
  const ended = ofType(events, 'stream.ended').length
  return ended < started ? [`${started} sockets had audio, and ${ended} ended`] : []
}

/** By how much a moment may be off. */
function leewayAt({ exactToMs = Infinity, toleranceMs = 0 }: Told, atMs: number): number {
  return atMs <= exactToMs ? 0 : toleranceMs
}

function near(told: Told, spokenMs: number, toldMs: number): boolean {
  return Math.abs(spokenMs - toldMs) <= leewayAt(told, spokenMs)
}
