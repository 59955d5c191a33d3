import { encodeCaptions, type SpokenUtterance } from '../loopback/testing/encode-captions.ts'

const WORD_MS = 300
const PAUSE_MS = 400
const TAIL_MS = 500

/** `0: hello there` is the agent, `1: …` the customer; one after another unless given a start. */
export function converse(lines: readonly (string | { line: string; startMs: number })[]): {
  pcm: Buffer
  utterances: SpokenUtterance[]
  /** Where the last word ends. */
  endMs: number
} {
  let at = PAUSE_MS
  const utterances = lines.map((given): SpokenUtterance => {
    const { line, startMs } = typeof given === 'string' ? { line: given, startMs: at } : given
    const [speaker = '0', text = ''] = line.split(': ')
    const words = text.split(' ').map((word, i) => {
      const wordStart = startMs + i * WORD_MS
      return { text: word, startMs: wordStart, endMs: wordStart + WORD_MS }
    })
    at = Math.max(at, startMs + words.length * WORD_MS + PAUSE_MS)
    return { speaker: Number(speaker), language: 'en-IN', words }
  })
  const endMs = at - PAUSE_MS
  const frames = encodeCaptions(utterances, (endMs + TAIL_MS) / 20)
  return { pcm: Buffer.concat(frames), utterances, endMs }
}

/** The bytes of `pcm` from one ms to another. */
export function slice(pcm: Buffer, fromMs: number, toMs?: number): Buffer {
  return pcm.subarray(fromMs * 16, toMs === undefined ? undefined : toMs * 16)
}
