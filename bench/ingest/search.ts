import { isFair, isHeld, type Turn } from './turn.ts'

/** A core is never quite full: what the next number is guessed by. */
const FULL = 0.93
const SMALLEST_STEP = 1.06
const LARGEST_STEP = 1.5
/** Numbers closer than this are the same. */
const CLOSE_ENOUGH = 1.04
/** A number that was held by luck is none that a server holds. */
const TURNS_HELD = 2
const MOST_TURNS = 14
/** A load that could not keep its own time has another try, and then it is the load that is at its end. */
const MOST_UNFAIR = 2

/** The largest number of streams that a side holds; a search told of one turn after the other. */
export type Search = {
  /** The number to try next; null when it is over. */
  next(): number | null
  tell(turn: Turn): void
  found(): { streams: number; turn: Turn | null; endedBy: 'server' | 'load' | 'bound' }
}

/** @param first - where to begin */
export function createSearch(o: { first: number; most: number }): Search {
  let good: Turn | null = null
  let bad: number | null = null
  let turns = 0
  let unfair = 0
  let held = 0
  let endedBy: 'server' | 'load' | 'bound' = 'bound'
  let candidate: number | null = Math.min(o.first, o.most)

  const choose = (): number | null => {
    if (turns >= MOST_TURNS) return null
    if (good === null) return bad === null ? o.first : Math.floor(bad / LARGEST_STEP) || null
    // A load at its end has no more to say.
    if (endedBy === 'load') return null
    if (bad === null) {
      if (good.streams >= o.most) return null
      const step = Math.min(LARGEST_STEP, Math.max(SMALLEST_STEP, FULL / good.busy))
      return Math.min(o.most, Math.ceil(good.streams * step))
    }
    if (bad / good.streams <= CLOSE_ENOUGH) return null
    return Math.floor((bad + good.streams) / 2)
  }
  return {
    next: () => candidate,
    tell(turn) {
      turns += 1
      if (isHeld(turn)) {
        unfair = 0
        if ((held += 1) < TURNS_HELD) return
        good = turn
      } else if (!isFair(turn) && (unfair += 1) <= MOST_UNFAIR) {
        return
      } else {
        bad = turn.streams
        endedBy = isFair(turn) ? 'server' : 'load'
        unfair = 0
      }
      held = 0
      candidate = choose()
    },
    found: () => ({ streams: good?.streams ?? 0, turn: good, endedBy }),
  }
}
