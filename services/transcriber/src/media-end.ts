import { mediaStreams, type Database } from '@callwire/db'
import { eq } from 'drizzle-orm'
import type { Claim } from './claim-call.ts'

/** Where the audio of a call's sockets ended on its clock, ms; null while one of them is open. */
export async function mediaEndOf(
  database: Pick<Database, 'withTenant'>,
  claim: Pick<Claim, 'tenantId' | 'callId'>,
): Promise<number | null> {
  const rows = await database.withTenant(claim.tenantId, (tx) =>
    tx
      .select({ clockMs: mediaStreams.clockMs, endedAt: mediaStreams.endedAt })
      .from(mediaStreams)
      .where(eq(mediaStreams.callId, claim.callId)),
  )
  if (rows.some((row) => row.endedAt === null)) return null
  return Math.max(0, ...rows.map((row) => row.clockMs))
}
