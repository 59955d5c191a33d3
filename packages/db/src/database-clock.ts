import { every, type Clock, type Logger } from '@callwire/runtime'
import { LONGEST_READING_MS, offsetAfter, type ClockReading } from './clock-reading.ts'
import { DbError } from './db-error.ts'

/** Clocks of machines drift by some ms in this time, and one that is set is noticed soon. */
const readEveryMs = 10_000
/** Between two looks until the first one is believed. */
const firstPauseMs = 200
/** A database that answers so slowly for so long is none to start with; a supervisor tries again. */
const firstWithinMs = 30_000
/** Machines that keep time by the network are off by some ms: more is for a person to see to (docs/runbooks/metrics.md). */
export const CLOCK_OFF_MS = 2_000

export type DatabaseClock = AsyncDisposable & {
  /** Its wall clock is the database's; durations and sleeps are those of the clock beneath. */
  clock: Clock
}

/**
 * A clock whose `now()` follows the database's: what is written by it can be compared there with
 * `now()`, however wrong this machine's clock is. Between two looks it goes on with the clock that
 * never jumps, so that a wall clock that is set meanwhile changes nothing; while the database is
 * away as well. Resolves once the database's time is known.
 *
 * @param o.readMs - asks the database for its time, epoch ms
 * @param o.clock - this machine's
 * @param o.onOffset - told after every look how far the database is ahead of this machine, in ms
 * @throws DbError as `readMs` does at the first looks; `unavailable` when no look is quick enough
 */
export async function followDatabaseClock(o: {
  readMs: () => Promise<number>
  clock: Clock
  log: Logger
  signal: AbortSignal
  onOffset: (ms: number) => void
}): Promise<DatabaseClock> {
  const { clock: own, log, signal } = o
  const tell = announcer(o)
  let believed = await firstOffset(o)
  const clock: Clock = { ...own, now: () => Math.floor(own.monotonicMs() + believed) }
  const told = () => tell(own.monotonicMs() + believed - own.now())
  told()
  const reading = every(
    readEveryMs,
    async () => {
      believed = offsetAfter(believed, await readOnce(o)) ?? believed
      told()
    },
    { clock: own, signal, log, name: 'database-clock', firstAfterMs: readEveryMs },
  )
  return { clock, [Symbol.asyncDispose]: () => reading[Symbol.asyncDispose]() }
}

type Reading = { readMs: () => Promise<number>; clock: Clock }

async function readOnce({ readMs, clock }: Reading): Promise<ClockReading> {
  const askedMs = clock.monotonicMs()
  const theirsMs = await readMs()
  return { askedMs, theirsMs, answeredMs: clock.monotonicMs() }
}

async function firstOffset(o: Reading & { signal: AbortSignal }): Promise<number> {
  const untilMs = o.clock.monotonicMs() + firstWithinMs
  for (;;) {
    const offset = offsetAfter(null, await readOnce(o))
    if (offset !== null) return offset
    if (o.clock.monotonicMs() >= untilMs) {
      const message = `The database took more than ${LONGEST_READING_MS} ms for every answer`
      throw new DbError({ code: 'unavailable', message })
    }
    await o.clock.sleep(firstPauseMs, o.signal)
  }
}

/** Says once that this machine's clock is off, and once that it is right again. */
function announcer({ log, onOffset }: { log: Logger; onOffset: (ms: number) => void }) {
  let wasOff = false
  return (offsetMs: number) => {
    onOffset(offsetMs)
    const isOff = Math.abs(offsetMs) > CLOCK_OFF_MS
    const fields = { offsetMs: Math.round(offsetMs) }
    if (isOff && !wasOff) log.warn(fields, "clock of this machine differs from the database's")
    if (!isOff && wasOff) log.info(fields, "clock of this machine agrees with the database's")
    wasOff = isOff
  }
}
