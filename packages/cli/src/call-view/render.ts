import type { CallEvent, Interim, LiveEvent, Receipt } from '@callwire/contracts'

/** What the printed lines of one call depend on. */
export type Printed = {
  /** Epoch ms of the first audio, which the call's clock counts from; null before it. */
  readonly audioStartedAtMs: number | null
}

export type Output = {
  readonly printed: Printed
  /** Lines to print for good. */
  readonly lines: readonly string[]
  /** The line to show below them: what is being said right now, or null for none. */
  readonly live: string | null
}

export const nothingPrinted: Printed = { audioStartedAtMs: null }

/** The lines that one event of the ledger is worth. */
export function renderEvent(printed: Printed, event: CallEvent): Output {
  if (event.data === null) {
    const lines = event.type === 'transcript.final' ? ['(words erased)'] : []
    return { printed, lines, live: null }
  }
  const audioStartedAtMs =
    event.type === 'stream.started' && printed.audioStartedAtMs === null
      ? Date.parse(event.data.startedAt)
      : printed.audioStartedAtMs
  return { printed: { audioStartedAtMs }, lines: linesOf({ audioStartedAtMs }, event), live: null }
}

/** The live line of words that are still being recognised. */
export function renderInterim(printed: Printed, interim: Interim): Output {
  return { printed, lines: [], live: spoken(interim) }
}

function linesOf(printed: Printed, event: LiveEvent): string[] {
  switch (event.type) {
    case 'call.status': {
      const { status, reason } = event.data
      return [reason === undefined ? `- ${status}` : `- ${status}: ${reason.message}`]
    }
    case 'transcript.final':
      return [`${spoken(event.data)}${latency(printed, event.at, event.data.endMs)}`]
    case 'transcript.gap':
      return [`[${clock(event.data.fromMs)}] (words lost: ${event.data.reason})`]
    case 'stream.dtmf':
      return [`[${clock(event.data.atMs)}] (a key was pressed)`]
    case 'alert':
      return [`! ${event.data.message}`]
    case 'call.receipt':
      return [receiptSentence(event.data)]
    case 'stream.started':
    case 'stream.ended':
    case 'call.talk':
      return []
  }
}

function spoken(words: { startMs: number; speaker?: string | undefined; text: string }): string {
  const speaker = words.speaker === undefined ? '' : `${words.speaker}: `
  return `[${clock(words.startMs)}] ${speaker}${words.text}`
}

/** From the end of an utterance's audio to its place in the ledger, both from the events themselves. */
function latency(printed: Printed, at: string, endMs: number): string {
  if (printed.audioStartedAtMs === null) return ''
  const ms = Date.parse(at) - (printed.audioStartedAtMs + endMs)
  return `   (${ms < 0 ? '−' : '+'}${Math.abs(ms)} ms)`
}

/** `mm:ss.s` on the call's clock; minutes go on beyond 99. */
export function clock(ms: number): string {
  const tenths = Math.floor(ms / 100)
  const minutes = Math.floor(tenths / 600)
  const seconds = ((tenths % 600) / 10).toFixed(1)
  return `${String(minutes).padStart(2, '0')}:${seconds.padStart(4, '0')}`
}

const hashDigitsShown = 12

export function receiptSentence(receipt: Receipt): string {
  const { utterances, events, audioMs, frames, gaps, revision, hash } = receipt
  const lostMs = gaps.reduce((sum, { fromMs, toMs }) => sum + toMs - fromMs, 0)
  const audio = `${(audioMs / 1000).toFixed(1)} s of audio in ${count(frames, 'frame')}`
  const loss =
    gaps.length === 0
      ? 'nothing was lost'
      : `${(lostMs / 1000).toFixed(1)} s were lost in ${count(gaps.length, 'gap')}`
  const again = revision === 1 ? '' : ` (revision ${revision})`
  return `Receipt${again}: ${count(utterances, 'utterance')} and ${count(events, 'event')} from ${audio}; ${loss}. Chain ends in ${hash.slice(0, hashDigitsShown)}….`
}

function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? '' : 's'}`
}
