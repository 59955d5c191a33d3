import { BYTES_PER_SAMPLE, WAV_HEADER_BYTES } from './wav.ts'

/** A part as its row tells of it. */
export type PartPlace = { fromMs: number; toMs: number; sampleRate: number }

/** Where a part's samples go in the whole: sample numbers, the end exclusive. */
export type Placed<P extends PartPlace> = { part: P; fromSample: number; toSample: number }

/** All of a recording as one WAV on the call's clock. */
export type Playback<P extends PartPlace> = {
  /** Of the first part: the others' sound is brought to it. */
  sampleRate: number
  placed: readonly Placed<P>[]
  dataBytes: number
  /** Header and all. */
  bytes: number
}

/** A stretch of the WAV, in bytes of the data: silence, or part of one part's sound. */
export type Stretch<P extends PartPlace> =
  | { kind: 'header'; from: number; to: number }
  | { kind: 'silence'; bytes: number }
  | { kind: 'sound'; placed: Placed<P>; from: number; to: number }

/**
 * Lays parts out on the clock, in the order they begin: what lies between them is silence, and where
 * two meet within a millisecond the later one begins. Null when there is no part.
 */
export function layOut<P extends PartPlace>(parts: readonly P[]): Playback<P> | null {
  const ordered = parts.toSorted((a, b) => a.fromMs - b.fromMs)
  const [first] = ordered
  if (first === undefined) return null
  const { sampleRate } = first
  const sampleAt = (ms: number) => Math.floor((ms * sampleRate) / 1_000)
  const placed = ordered.map((part, index) => {
    const fromSample = sampleAt(part.fromMs)
    const next = ordered[index + 1]?.fromMs ?? Number.POSITIVE_INFINITY
    return { part, fromSample, toSample: Math.max(fromSample, sampleAt(Math.min(part.toMs, next))) }
  })
  const dataBytes = (placed.at(-1)?.toSample ?? 0) * BYTES_PER_SAMPLE
  return { sampleRate, placed, dataBytes, bytes: WAV_HEADER_BYTES + dataBytes }
}

/** What to send for bytes `from` to before `to` of the WAV, in their order. */
export function* stretches<P extends PartPlace>(
  playback: Playback<P>,
  from: number,
  to: number,
): Generator<Stretch<P>> {
  if (from < WAV_HEADER_BYTES) {
    yield { kind: 'header', from, to: Math.min(to, WAV_HEADER_BYTES) }
  }
  let at = Math.max(0, from - WAV_HEADER_BYTES)
  const end = to - WAV_HEADER_BYTES
  for (const placed of playback.placed) {
    const begins = placed.fromSample * BYTES_PER_SAMPLE
    const ends = placed.toSample * BYTES_PER_SAMPLE
    if (ends <= at) continue
    if (at >= end) return
    if (begins > at) {
      const until = Math.min(begins, end)
      yield { kind: 'silence', bytes: until - at }
      at = until
    }
    if (at >= end) return
    const until = Math.min(ends, end)
    yield { kind: 'sound', placed, from: at - begins, to: until - begins }
    at = until
  }
}

/**
 * A part's samples as they stand in the whole: its own where the rates agree, cut or filled with
 * silence to its place; otherwise drawn to it between neighbouring samples.
 */
export function soundOf(
  { part, fromSample, toSample }: Placed<PartPlace>,
  pcm: Buffer,
  sampleRate: number,
): Buffer {
  const bytes = (toSample - fromSample) * BYTES_PER_SAMPLE
  if (part.sampleRate !== sampleRate) return drawn(pcm, bytes, part.sampleRate / sampleRate)
  if (pcm.length >= bytes) return pcm.subarray(0, bytes)
  return Buffer.concat([pcm, Buffer.alloc(bytes - pcm.length)])
}

/** Linear between samples: enough to understand the few seconds a call may have at another rate. */
function drawn(pcm: Buffer, bytes: number, step: number): Buffer {
  const samples = Math.floor(pcm.length / BYTES_PER_SAMPLE)
  const out = Buffer.alloc(bytes)
  const sample = (index: number) =>
    index < samples ? pcm.readInt16LE(index * BYTES_PER_SAMPLE) : 0
  for (let index = 0; index < bytes / BYTES_PER_SAMPLE; index += 1) {
    const at = index * step
    const left = Math.floor(at)
    const share = at - left
    const value = sample(left) * (1 - share) + (share === 0 ? 0 : sample(left + 1) * share)
    out.writeInt16LE(Math.round(value), index * BYTES_PER_SAMPLE)
  }
  return out
}
