import type { CallEvent, Interim, LiveEvent } from '@callwire/contracts'
import { clockText, finalLine, receiptText } from './format.ts'

/** Turns what happens in a call into text for a terminal, or for a file. */
export type CallView = {
  event(event: CallEvent): string
  interim(interim: Interim): string
  /** A line of our own, above whatever is being said. */
  note(text: string): string
}

/** Back to the line's beginning, and clear it. */
const CLEAR = '\r\u001b[2K'
const segmenter = new Intl.Segmenter()

/**
 * Finals stay; interims are replaced in place, on a terminal, and left out elsewhere. A pure state
 * machine: it gives the text to write.
 *
 * @param columns - the terminal's width: a longer interim shows its end
 */
export function createCallView(o: { isTerminal: boolean; columns: number }): CallView {
  const speaking = new Map<string, string>()
  let startedAt: string | null = null

  const line = (text: string) => {
    if (!o.isTerminal) return `${text}\n`
    return `${CLEAR}${text}\n${interimText()}`
  }

  const interimText = () => {
    const text = [...speaking.values()].join(' · ')
    if (text === '') return ''
    const room = Math.max(10, o.columns - 6)
    // Devanagari writes one character with several code points: cut between characters, not inside one.
    const characters = Array.from(segmenter.segment(text), ({ segment }) => segment)
    return `  … ${characters.slice(-room).join('')}`
  }

  return {
    event(event) {
      if (event.data === null) return line(`  ${event.type} (erased)`)
      if (event.type === 'stream.started') startedAt = event.data.startedAt
      if (event.type === 'transcript.final') speaking.delete(event.data.utteranceId)
      const text = describe(event, startedAt)
      return text === null ? '' : line(text)
    },
    interim(interim) {
      if (!o.isTerminal) return ''
      speaking.set(interim.utteranceId, `${interim.speaker ?? 'speaker'}: ${interim.text}`)
      return `${CLEAR}${interimText()}`
    },
    note: line,
  }
}

function describe(event: LiveEvent, startedAt: string | null): string | null {
  switch (event.type) {
    case 'call.status': {
      const { status, reason } = event.data
      return `  ● ${status}${reason === undefined ? '' : ` — ${reason.message} (${reason.code})`}`
    }
    case 'stream.started':
      return '  ▶ live audio'
    case 'stream.ended':
      return `  ■ audio ended (${event.data.reason})`
    case 'stream.dtmf':
      return `  ${clockText(event.data.atMs)}  a key was pressed`
    case 'transcript.final':
      return finalLine(event, startedAt)
    case 'transcript.gap': {
      const { fromMs, toMs, reason } = event.data
      return `  ${clockText(fromMs)}  ⚠ words missing until ${clockText(toMs)} (${reason})`
    }
    case 'alert':
      return `  ⚠ ${event.data.message} (${event.data.code})`
    case 'call.receipt':
      return `  ✓ ${receiptText(event.data)}`
    case 'call.talk':
      return null
  }
}
