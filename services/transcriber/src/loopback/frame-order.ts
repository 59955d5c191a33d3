import { FRAME_BYTES, FRAME_MS, type CaptionFrame } from './frame.ts'
import type { Scanned } from './frame-scanner.ts'

/** Why a stretch of audio can't be trusted. */
export type Damage = 'audio_altered' | 'audio_missing' | 'audio_doubled' | 'audio_swapped'

/** What the order of the frames says: a good frame in its place, or damage to a range of the simulator's clock. */
export type Ordered =
  | {
      kind: 'frame'
      frame: CaptionFrame
      /** Add this to a time on the simulator's clock to get the time on the connection's clock. */
      offsetMs: number
    }
  | { kind: 'damage'; damage: Damage; fromMs: number; toMs: number }

export type FrameOrder = {
  push(scanned: Scanned): Ordered[]
  flush(): Ordered[]
}

type Found = Extract<Scanned, { kind: 'frame' }>

const BYTES_PER_MS = FRAME_BYTES / FRAME_MS

function damaged(damage: Damage, fromIndex: number, toIndex: number): Ordered {
  return { kind: 'damage', damage, fromMs: fromIndex * FRAME_MS, toMs: toIndex * FRAME_MS }
}

/**
 * Follows the frames' indices. A pure state machine: give it what the scanner found, in order. A frame
 * that comes one too early is held until the next one tells whether the two were swapped.
 */
export function createFrameOrder(): FrameOrder {
  let expected: number | null = null
  let alteredStretches = 0
  let held: Found | null = null

  const accept = (found: Found): Ordered => {
    expected = found.frame.index + 1
    const offsetMs = Math.floor(found.atByte / BYTES_PER_MS) - found.frame.index * FRAME_MS
    return { kind: 'frame', frame: found.frame, offsetMs }
  }

  const releaseHeld = (damage: Damage): Ordered[] => {
    if (held === null || expected === null) return []
    const hole = damaged(damage, expected, held.frame.index)
    const released = [hole, accept(held)]
    held = null
    return released
  }

  const place = (found: Found): Ordered[] => {
    const index = found.frame.index
    if (expected === null || index === expected) {
      const out: Ordered[] = []
      // Strange samples between two neighbours: the earlier one may have been heard twice.
      if (alteredStretches > 0) out.push(damaged('audio_altered', Math.max(0, index - 1), index))
      alteredStretches = 0
      return [...out, accept(found)]
    }
    if (index > expected) {
      held = found
      if (alteredStretches === 0) return []
      alteredStretches = 0
      return releaseHeld('audio_altered')
    }
    return [damaged(index === expected - 1 ? 'audio_doubled' : 'audio_swapped', index, index + 1)]
  }

  return {
    push(scanned) {
      if (scanned.kind === 'altered') {
        if (expected === null) return []
        const released = releaseHeld('audio_missing')
        alteredStretches += 1
        return released
      }
      if (held === null || expected === null) return place(scanned)
      const index = scanned.frame.index
      if (index >= expected && index < held.frame.index) {
        const swapped = damaged('audio_swapped', expected, held.frame.index + 1)
        expected = held.frame.index + 1
        held = null
        return [swapped]
      }
      return [...releaseHeld('audio_missing'), ...place(scanned)]
    },
    flush() {
      const out = releaseHeld('audio_missing')
      if (alteredStretches > 0 && expected !== null) {
        out.push(damaged('audio_altered', expected, expected + alteredStretches))
      }
      return out
    },
  }
}
