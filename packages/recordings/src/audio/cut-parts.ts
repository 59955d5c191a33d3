import { BYTES_PER_SAMPLE } from './wav.ts'

/** Sound in a row: `pcm` is s16le mono; `toMs` is the first millisecond after it, at most one too late. */
export type Part = { fromMs: number; toMs: number; sampleRate: number; pcm: Buffer }

/** A block of sound on the call's clock; it may begin within a millisecond. */
export type Block = { pcm: Uint8Array; startMs: number; sampleRate: number }

export type PartCutter = {
  /** The parts that are whole with this block, none as a rule. What lies before the cutter's place is passed over. */
  push(block: Block): Part[]
  /** Ends what there is: a hole follows, or nothing. */
  flush(): Part[]
  /** Nothing that begins here or later was given to a part yet. */
  readonly pendingFromMs: number
}

/** What is lost with a process that dies, and what a player waits for at least. */
export const PART_MS = 30_000

/** Blocks say where they begin in whole milliseconds: within one, they are in a row. */
const TOLERANCE_MS = 1

type Open = { fromMs: number; sampleRate: number; chunks: Uint8Array[]; samples: number }

/**
 * Cuts the sound of a call into parts of at most 30 s, from a place on its clock on. A part ends early
 * where the sound has a hole or another rate. One that is cut for its length ends at a whole
 * millisecond, so that parts in a row hold every sample once.
 */
export function createPartCutter(fromMs: number, partMs: number = PART_MS): PartCutter {
  let open: Open | null = null
  let atMs = fromMs

  const end = (): Part[] => {
    if (open === null || open.samples === 0) return []
    const { fromMs: from, sampleRate, chunks, samples } = open
    const toMs = from + Math.max(1, Math.ceil((samples * 1_000) / sampleRate))
    open = null
    atMs = toMs
    return [{ fromMs: from, toMs, sampleRate, pcm: Buffer.concat(chunks) }]
  }

  /** Cuts whole parts off the front. */
  const cut = (): Part[] => {
    const parts: Part[] = []
    while (open !== null) {
      const { sampleRate } = open
      const whole = Math.floor((partMs * sampleRate) / 1_000)
      if (open.samples < whole) return parts
      const pcm = Buffer.concat(open.chunks)
      const toMs = open.fromMs + partMs
      const rest = pcm.subarray(whole * BYTES_PER_SAMPLE)
      parts.push({
        ...{ fromMs: open.fromMs, toMs, sampleRate },
        pcm: pcm.subarray(0, whole * BYTES_PER_SAMPLE),
      })
      atMs = toMs
      open =
        rest.length === 0
          ? null
          : { fromMs: toMs, sampleRate, chunks: [rest], samples: open.samples - whole }
    }
    return parts
  }

  return {
    get pendingFromMs() {
      return open?.fromMs ?? atMs
    },
    push(block) {
      const { sampleRate } = block
      const done = open !== null && !follows(open, block) ? end() : []
      const reachedMs = open === null ? atMs : endOf(open)
      const pcm = after(block, reachedMs)
      if (pcm.length === 0) return done
      open ??= {
        fromMs: Math.max(atMs, Math.floor(block.startMs)),
        ...{ sampleRate, chunks: [], samples: 0 },
      }
      open.chunks.push(pcm)
      open.samples += pcm.length / BYTES_PER_SAMPLE
      return [...done, ...cut()]
    },
    flush: end,
  }
}

function endOf({ fromMs, samples, sampleRate }: Open): number {
  return fromMs + (samples * 1_000) / sampleRate
}

function follows(open: Open, block: Block): boolean {
  return open.sampleRate === block.sampleRate && block.startMs <= endOf(open) + TOLERANCE_MS
}

/** The samples of a block that lie behind a place on the clock. */
function after({ pcm, startMs, sampleRate }: Block, ms: number): Uint8Array {
  const whole = pcm.length - (pcm.length % BYTES_PER_SAMPLE)
  const overlapMs = ms - startMs
  // A block that begins within the last millisecond begins right there.
  if (overlapMs <= TOLERANCE_MS) return pcm.subarray(0, whole)
  const skip = Math.floor((overlapMs * sampleRate) / 1_000) * BYTES_PER_SAMPLE
  return pcm.subarray(Math.min(skip, whole), whole)
}
