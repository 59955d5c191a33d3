import type { Database } from '@callwire/db'
import type { Sessions } from './sessions.ts'

/** Calls looked at in one go; the rest is found a second later. */
const FIND_LIMIT = 500

/** Wakes this process for every call whose words are not complete; those in other hands refuse. */
export async function findCalls(database: Database, sessions: Sessions): Promise<void> {
  for (const job of await database.finder.pendingTranscriptions(FIND_LIMIT))
    await sessions.wake(job)
}
