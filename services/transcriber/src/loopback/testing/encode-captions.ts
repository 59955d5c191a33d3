// For tests: makes audio as docs/formats/captions.md describes it, apart from the simulator's own encoder.
import { crc32 } from 'node:zlib'

export type SpokenWord = { text: string; startMs: number; endMs: number }
export type SpokenUtterance = { speaker: number; language: string; words: SpokenWord[] }

const FRAME_MS = 20

/** One buffer of 320 bytes per frame. `frames` is the length of the audio. */
export function encodeCaptions(utterances: readonly SpokenUtterance[], frames: number): Buffer[] {
  const pieces = new Map<number, { bytes: Buffer; flags: number }>()
  utterances.forEach((utterance, number) => {
    const last = utterance.words.at(-1)
    if (last === undefined) return
    for (const word of utterance.words.slice(0, -1)) {
      place(
        pieces,
        recordOf(1, utterance.speaker, number, word, word.text),
        lastFrameOf(word.endMs),
      )
    }
    // The end mark takes the utterance's last frames, so the last word's record comes before it.
    const whole = { startMs: utterance.words[0]?.startMs ?? 0, endMs: last.endMs }
    const end = recordOf(2, utterance.speaker, number, whole, utterance.language)
    const endFrames = place(pieces, end, lastFrameOf(last.endMs))
    place(
      pieces,
      recordOf(1, utterance.speaker, number, last, last.text),
      lastFrameOf(last.endMs) - endFrames,
    )
  })
  return Array.from({ length: frames }, (_, index) => frameOf(index, pieces.get(index)))
}

function lastFrameOf(endMs: number): number {
  return Math.ceil(endMs / FRAME_MS) - 1
}

function recordOf(
  type: number,
  speaker: number,
  utterance: number,
  time: { startMs: number; endMs: number },
  text: string,
): Buffer {
  const head = Buffer.alloc(12)
  head.writeUInt8(type, 0)
  head.writeUInt8(speaker, 1)
  head.writeUInt16BE(utterance, 2)
  head.writeUInt32BE(time.startMs, 4)
  head.writeUInt32BE(time.endMs, 8)
  return Buffer.concat([head, Buffer.from(text)])
}

/** Lays a record so that its last piece falls in `lastFrame`; returns how many frames it took. */
function place(
  pieces: Map<number, { bytes: Buffer; flags: number }>,
  record: Buffer,
  lastFrame: number,
): number {
  const count = Math.ceil(record.length / 11)
  for (let i = 0; i < count; i += 1) {
    const flags = (i === 0 ? 0x80 : 0) | (i === count - 1 ? 0x40 : 0)
    const index = lastFrame - count + 1 + i
    if (pieces.has(index)) throw new Error('two records in one frame: give the words more time')
    pieces.set(index, { bytes: record.subarray(i * 11, i * 11 + 11), flags })
  }
  return count
}

function frameOf(index: number, piece: { bytes: Buffer; flags: number } | undefined): Buffer {
  const pcm = Buffer.alloc(320)
  for (let i = 0; i < 160; i += 1) {
    const tone = Math.round(6_000 * Math.sin((2 * Math.PI * 220 * (index * 160 + i)) / 8_000))
    pcm.writeInt16LE(tone & ~1, i * 2)
  }
  const block = Buffer.alloc(20)
  block.writeUInt8(0xc7, 0)
  block.writeUIntBE(index, 1, 3)
  block.writeUInt8((piece?.flags ?? 0) | (piece?.bytes.length ?? 0), 4)
  piece?.bytes.copy(block, 5)
  block.writeUInt32BE(crc32(block.subarray(0, 16), crc32(pcm)), 16)
  for (let i = 0; i < 160; i += 1) {
    const bit = ((block[i >> 3] ?? 0) >> (7 - (i & 7))) & 1
    pcm[i * 2] = (pcm[i * 2] ?? 0) | bit
  }
  return pcm
}
