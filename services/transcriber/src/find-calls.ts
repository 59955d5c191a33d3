import type { Leases } from '@callwire/bus'
import type { CallJob } from '@callwire/contracts'
import type { Database } from '@callwire/db'
import type { Random } from '@callwire/runtime'
import type { Sessions } from './sessions.ts'

/** Calls looked at in one go: more than ten full transcribers have. */
const FIND_LIMIT = 5_000
/**
 * Calls taken in one look. A process that died leaves hundreds: the others take them in portions, so
 * that each gets its share, and all of them together are quicker than any.
 */
export const TAKE_AT_ONCE = 100

/**
 * Takes calls whose words are not complete and which nobody has: their wake-up was lost, or their
 * transcriber. Which ones is left to chance, so that several transcribers seldom ask for the same.
 */
export async function findCalls(
  {
    database,
    leases,
    random,
  }: { database: Pick<Database, 'finder'>; leases: Pick<Leases, 'free'>; random: Random },
  sessions: Pick<Sessions, 'room' | 'has' | 'wake'>,
): Promise<void> {
  if (sessions.room <= 0) return
  const pending = await database.finder.pendingTranscriptions(FIND_LIMIT)
  const others = pending.filter(({ callId }) => !sessions.has(callId))
  if (others.length === 0) return
  const free = new Set(await leases.free(others.map(({ callId }) => callId)))
  const orphans = others.filter(({ callId }) => free.has(callId))
  for (const job of someOf(orphans, Math.min(TAKE_AT_ONCE, sessions.room), random)) {
    await sessions.wake(job)
  }
}

/** At most `count` of them, picked by chance, in any order. */
function someOf(jobs: readonly CallJob[], count: number, random: Random): CallJob[] {
  if (jobs.length <= count) return [...jobs]
  const lots = random(jobs.length * 4)
  return jobs
    .map((job, i) => ({ job, lot: Buffer.from(lots).readUInt32LE(i * 4) }))
    .toSorted((a, b) => a.lot - b.lot)
    .slice(0, count)
    .map(({ job }) => job)
}
