import { createPartCutter, type Part } from '@callwire/recordings'
import type { HeardMoment } from '../listener.ts'
import type { Heard } from '../read-audio.ts'

/**
 * Whole parts that wait in memory for a store that is slow: a minute of audio. What comes after that
 * stays in Redis alone, sealed, and is read from there once the store is back.
 */
const MAX_WAITING_PARTS = 2

export type PartSource = {
  take(moment: HeardMoment): void
  /** The call's audio is over. */
  end(): void
  /** Every part in its order, to the end; asked for once. */
  parts(): AsyncGenerator<Part>
}

/** A call's audio again, from this moment on, as Redis has it: to its end. */
export type ReadAgain = (fromMs: number) => AsyncIterable<Heard>

/** `onLost`: audio that was heard before is not in Redis any more. */
export function createPartSource(o: {
  fromMs: number
  readAgain: ReadAgain
  onLost: () => void
  signal: AbortSignal
}): PartSource {
  const cutter = createPartCutter(o.fromMs)
  const waiting: Part[] = []
  let doneToMs = o.fromMs
  let isBehind = false
  let isOver = false
  const turn = createTurn()
  o.signal.addEventListener('abort', turn.give, { once: true })

  const add = (parts: readonly Part[]) => {
    for (const part of parts) {
      isBehind ||= waiting.length >= MAX_WAITING_PARTS
      if (!isBehind) waiting.push(part)
    }
    turn.give()
  }

  return {
    take(moment) {
      if (isBehind || isOver || o.signal.aborted) return
      add(moment.kind === 'audio' ? cutter.push(moment) : cutter.flush())
    },
    end() {
      if (isOver) return
      if (!isBehind) add(cutter.flush())
      isOver = true
      turn.give()
    },
    async *parts() {
      while (!o.signal.aborted) {
        const next = waiting.shift()
        if (next !== undefined) {
          yield next
          doneToMs = next.toMs
        } else if (isBehind) {
          yield* partsAgain(o, doneToMs)
          return
        } else if (isOver) {
          return
        } else {
          await turn.taken()
        }
      }
    },
  }
}

/** Wakes the one who waits; a turn that was given before is not lost. */
function createTurn() {
  let isGiven = false
  let resolve: (() => void) | null = null
  return {
    give: () => {
      isGiven = true
      resolve?.()
    },
    taken: async () => {
      if (!isGiven) {
        await new Promise<void>((woken) => {
          resolve = woken
        })
      }
      isGiven = false
      resolve = null
    },
  }
}

/** The same parts, read at the pace they can be stored. */
async function* partsAgain(
  o: { readAgain: ReadAgain; onLost: () => void },
  fromMs: number,
): AsyncGenerator<Part> {
  const cutter = createPartCutter(fromMs)
  for await (const heard of o.readAgain(fromMs)) {
    if (heard.kind === 'audio') {
      yield* cutter.push(heard)
    } else if (heard.kind === 'hole') {
      if (heard.reason === 'audio_lost') o.onLost()
      yield* cutter.flush()
    }
  }
  yield* cutter.flush()
}
