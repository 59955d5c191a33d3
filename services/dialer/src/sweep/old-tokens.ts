import { streamTokens, type Found } from '@callwire/db'
import { and, eq, inArray } from 'drizzle-orm'
import type { DialerDeps } from '../deps.ts'

const batchSize = 1_000
/** More than a minute of dialing makes. */
const mostBatches = 30
/** Expired, and of use to nobody; a day leaves time to find out why a socket was refused. */
export const TOKEN_KEPT_MS = 86_400_000

/** Forgets tokens of media sockets that have expired. What is left over goes in the next round. */
export async function sweepOldTokens(d: Pick<DialerDeps, 'database'>): Promise<void> {
  for (let batch = 0; batch < mostBatches; batch += 1) {
    const old = await d.database.finder.oldStreamTokens(TOKEN_KEPT_MS, batchSize)
    await forget(d, old)
    if (old.length < batchSize) return
  }
}

async function forget({ database }: Pick<DialerDeps, 'database'>, tokens: readonly Found[]) {
  for (const [tenantId, ofTenant] of Map.groupBy(tokens, (token) => token.tenantId)) {
    const ids = ofTenant.map(({ id }) => id)
    await database.withTenant(tenantId, (tx) =>
      tx
        .delete(streamTokens)
        .where(and(eq(streamTokens.tenantId, tenantId), inArray(streamTokens.id, ids))),
    )
  }
}
