import { mediaStreams, type Database, type Tx } from '@callwire/db'
import { eq } from 'drizzle-orm'
import type { Claim } from './claim-call.ts'

/** Where the audio of a call's sockets ended on its clock, ms; null while one of them is open. */
export async function mediaEndOf(
  database: Pick<Database, 'withTenant'>,
  { tenantId, callId }: Pick<Claim, 'tenantId' | 'callId'>,
): Promise<number | null> {
  return database.withTenant(tenantId, (tx) => mediaEndIn(tx, callId))
}

/** As {@link mediaEndOf}, within a transaction. */
export async function mediaEndIn(tx: Tx, callId: string): Promise<number | null> {
  const rows = await tx
    .select({ clockMs: mediaStreams.clockMs, endedAt: mediaStreams.endedAt })
    .from(mediaStreams)
    .where(eq(mediaStreams.callId, callId))
  if (rows.some((row) => row.endedAt === null)) return null
  return Math.max(0, ...rows.map((row) => row.clockMs))
}
