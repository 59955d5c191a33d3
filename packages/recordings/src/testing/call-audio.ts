import { layOut, soundOf, stretches } from '../audio/playback.ts'
import type { Part } from '../audio/cut-parts.ts'
import { wavHeader } from '../audio/wav.ts'

/** Bytes `from` to before `to` of a recording's WAV, from parts in memory. */
export function bytesOf(parts: readonly Part[], from = 0, to?: number): Buffer {
  const playback = layOut(parts)
  if (playback === null) return Buffer.alloc(0)
  const { sampleRate, dataBytes } = playback
  const pieces: Buffer[] = []
  for (const stretch of stretches(playback, from, to ?? playback.bytes)) {
    if (stretch.kind === 'header') {
      pieces.push(wavHeader({ sampleRate, dataBytes }).subarray(stretch.from, stretch.to))
    } else if (stretch.kind === 'silence') {
      pieces.push(Buffer.alloc(stretch.bytes))
    } else {
      const { placed } = stretch
      pieces.push(soundOf(placed, placed.part.pcm, sampleRate).subarray(stretch.from, stretch.to))
    }
  }
  return Buffer.concat(pieces)
}
