import { FRAME_BYTES, readFrame, type CaptionFrame } from './frame.ts'

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
  let consumed = 0
  let locked = false

  const drop = (bytes: number) => {
    buffer = buffer.subarray(bytes)
    consumed += bytes
  }

  const scan = (final: boolean): Scanned[] => {
    const found: Scanned[] = []
    // A damaged frame is told from a shifted one by what follows it, hence two frames of look-ahead.
    while (buffer.length >= FRAME_BYTES) {
      const frame = readFrame(buffer, 0)
      if (frame !== null) {
        locked = true
        found.push({ kind: 'frame', frame, atByte: consumed })
        drop(FRAME_BYTES)
        continue
      }
      if (buffer.length < FRAME_BYTES * 3 && !final) break
      const skip = nextFrameOffset(buffer) ?? FRAME_BYTES
      if (locked) found.push({ kind: 'altered', atByte: consumed, bytes: skip })
      drop(Math.min(skip, buffer.length))
    }
    if (final && locked && buffer.length > 0) {
      found.push({ kind: 'altered', atByte: consumed, bytes: buffer.length })
      drop(buffer.length)
    }
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

/** Where, within two frames, a whole frame begins: the regular place first, then every sample. */
function nextFrameOffset(buffer: Buffer): number | null {
  if (readFrame(buffer, FRAME_BYTES) !== null) return FRAME_BYTES
  for (let offset = 2; offset <= FRAME_BYTES * 2; offset += 2) {
    if (readFrame(buffer, offset) !== null) return offset
  }
  return null
}
