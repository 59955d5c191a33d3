import { findFrame, FRAME_BYTES, readFrame, type CaptionFrame } from './frame.ts'

/** A frame found at a place in the audio, or 20 ms in which there was none. */
export type Scanned =
  | { kind: 'frame'; frame: CaptionFrame; atByte: number }
  | { kind: 'altered'; atByte: number; bytes: number }

export type FrameScanner = {
  push(pcm: Buffer): Scanned[]
  /** The rest, when no more audio comes. */
  flush(): Scanned[]
}

/**
 * Finds frames in a stream of samples. Frames follow one another; where one is damaged, or samples
 * are missing, the scanner looks for the next place at which a whole frame begins. Silence before
 * the first frame (audio that is not the simulator's) is passed over.
 */
export function createFrameScanner(): FrameScanner {
  let buffer: Buffer = Buffer.alloc(0)
  /** Where the buffer begins in the stream, in bytes. */
  let consumed = 0
  /** Before this place in the stream, every sample was looked at: only what is known begins there. */
  let lookedTo = 0
  let locked = false

  /** How far on, within two frames, a whole frame begins: the regular place first, then every sample. */
  const nextFrame = (at: number): number | null => {
    const regular = at + FRAME_BYTES
    const from = Math.max(at + 2, lookedTo - consumed)
    if (from <= regular && readFrame(buffer, regular) !== null) return FRAME_BYTES
    const to = regular + FRAME_BYTES
    const found = findFrame(buffer, from, to)
    if (found !== null) return found - at
    lookedTo = consumed + to + 2
    return null
  }

  const scan = (final: boolean): Scanned[] => {
    const found: Scanned[] = []
    let at = 0
    // A damaged frame is told from a shifted one by what follows it, hence two frames of look-ahead.
    while (buffer.length - at >= FRAME_BYTES) {
      const frame = readFrame(buffer, at)
      if (frame !== null) {
        locked = true
        found.push({ kind: 'frame', frame, atByte: consumed + at })
        at += FRAME_BYTES
        continue
      }
      if (buffer.length - at < FRAME_BYTES * 3 && !final) break
      const skip = nextFrame(at) ?? FRAME_BYTES
      if (locked) found.push({ kind: 'altered', atByte: consumed + at, bytes: skip })
      at += skip
    }
    if (final && locked && buffer.length > at) {
      found.push({ kind: 'altered', atByte: consumed + at, bytes: buffer.length - at })
      at = buffer.length
    }
    buffer = buffer.subarray(at)
    consumed += at
    return found
  }

  return {
    push(pcm) {
      buffer = buffer.length === 0 ? pcm : Buffer.concat([buffer, pcm])
      return scan(false)
    },
    flush: () => scan(true),
  }
}
