import { type FaultSpec } from '../state/fault.ts'

export type FrameFault = Extract<FaultSpec, { kind: `frame_${string}` }>

/** One media message to send; `chunk` is its number on the wire, from 1. */
export type Outgoing = { chunk: number; frame: Buffer }

/** Flips an upper bit of one sample, so that only a checksum over the upper bits can tell. */
export function alterFrame(frame: Buffer): Buffer {
  const altered = Buffer.from(frame)
  altered[161] = (altered[161] ?? 0) ^ 0x10
  return altered
}

/** How far renumbered losses and repeats before this frame have moved the wire's numbers. */
function shiftAt(index: number, faults: readonly FrameFault[]): number {
  let shift = 0
  for (const fault of faults) {
    if (!fault.renumber || fault.index >= index) continue
    if (fault.kind === 'frame_dropped') shift -= 1
    if (fault.kind === 'frame_doubled') shift += 1
  }
  return shift
}

/**
 * What leaves when frame `index` is due: usually itself. A fault with `renumber` damages the audio under numbers that
 * look sound; without it, whole messages are lost, repeated or overtaken, and their numbers show it.
 */
export function outgoingFrames(
  index: number,
  frameAt: (index: number) => Buffer,
  faults: readonly FrameFault[],
): Outgoing[] {
  // The second of a swapped pair left with the first.
  if (faults.some((fault) => fault.kind === 'frame_swapped' && fault.index === index - 1)) return []
  const chunk = index + 1 + shiftAt(index, faults)
  const frame = frameAt(index)
  const fault = faults.find((candidate) => candidate.index === index)
  switch (fault?.kind) {
    case undefined:
      return [{ chunk, frame }]
    case 'frame_altered':
      return [{ chunk, frame: alterFrame(frame) }]
    case 'frame_dropped':
      return []
    case 'frame_doubled':
      return [
        { chunk, frame },
        { chunk: fault.renumber ? chunk + 1 : chunk, frame },
      ]
    case 'frame_swapped': {
      const next = frameAt(index + 1)
      const [first, second] = fault.renumber ? [chunk, chunk + 1] : [chunk + 1, chunk]
      return [
        { chunk: first, frame: next },
        { chunk: second, frame },
      ]
    }
  }
}
