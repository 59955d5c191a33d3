import { createPartCutter, PART_MS, type Part } from '@callwire/recordings'
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
  /** Whole parts that were heard and not taken back as done yet, wherever they wait. */
  unstored(): number
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
  /** Up to here the call was heard, whether it was taken or is to be read again. */
  let heardToMs = o.fromMs
  let isBehind = false
  let isOver = false
  const turn = createTurn()
  const isWanted = () => !o.signal.aborted
  o.signal.addEventListener('abort', turn.give, { once: true })

  const add = (parts: readonly Part[]) => {
    for (const part of parts) {
      isBehind ||= waiting.length >= MAX_WAITING_PARTS
      if (!isBehind) waiting.push(part)
    }
    turn.give()
  }

  /**
   * The rest of the call, read at the pace it can be stored. A reading ends where no socket is open: it
   * goes on when another one was, until there is nothing behind it.
   */
  async function* partsAgain(): AsyncGenerator<Part> {
    const again = createPartCutter(doneToMs)
    let readToMs = doneToMs
    while (isWanted()) {
      const wasOver = isOver
      for await (const heard of o.readAgain(again.pendingFromMs)) {
        if (heard.kind === 'audio') {
          readToMs = Math.max(readToMs, heard.endMs)
          yield* again.push(heard)
        } else if (heard.kind === 'hole') {
          readToMs = Math.max(readToMs, heard.toMs)
          if (heard.reason === 'audio_lost') o.onLost()
          yield* again.flush()
        }
      }
      yield* again.flush()
      while (!isOver && heardToMs <= readToMs && isWanted()) await turn.taken()
      if (isOver && (wasOver || heardToMs <= readToMs)) return
    }
  }

  return {
    take(moment) {
      if (isOver || o.signal.aborted) return
      heardToMs = Math.max(heardToMs, moment.kind === 'audio' ? moment.endMs : moment.toMs)
      if (isBehind) turn.give()
      else add(moment.kind === 'audio' ? cutter.push(moment) : cutter.flush())
    },
    end() {
      if (isOver) return
      if (!isBehind) add(cutter.flush())
      isOver = true
      turn.give()
    },
    unstored: () => Math.floor(Math.max(0, heardToMs - doneToMs) / PART_MS),
    async *parts() {
      while (!o.signal.aborted) {
        const next = waiting.shift()
        if (next !== undefined) {
          yield next
          doneToMs = next.toMs
        } else if (isBehind) {
          for await (const part of partsAgain()) {
            yield part
            doneToMs = part.toMs
          }
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
