import { tenants, type Tx } from '@callwire/db'
import { eq } from 'drizzle-orm'

const DAY_MS = 86_400_000
/** What stands for no days: long enough for a transcriber that was away to be back. */
const SHORTEST_MS = 60 * 60_000

/** How long audio that nobody has read stays in Redis after its last block, from the tenant's setting. */
export function audioLifeMs(days: number): number {
  return days === 0 ? SHORTEST_MS : days * DAY_MS
}

/** The tenant's, as it is when a socket opens; that socket keeps to it. */
export async function readAudioLife(tx: Tx, tenantId: string): Promise<number> {
  const [row] = await tx
    .select({ days: tenants.retainAudioDays })
    .from(tenants)
    .where(eq(tenants.tenantId, tenantId))
  return audioLifeMs(row?.days ?? 0)
}
