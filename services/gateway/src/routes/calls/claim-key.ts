import { blindIndex, type ContentRing } from '@callwire/crypto'
import { idempotencyKeys, type Tx } from '@callwire/db'
import { and, eq, sql } from 'drizzle-orm'

/** Both addresses of the route share its keys. */
const routeName = 'POST /calls'

export type KeyClaims = {
  /**
   * Claims a key for a call, first of all in its transaction. False when another request holds
   * it: one still running is waited for, until it commits or gives up.
   */
  claim(
    tx: Tx,
    o: { tenantId: string; key: string; fingerprint: string; callId: string },
  ): Promise<boolean>
  /** The call a key stands for, and whether it was claimed by the same request; or null. */
  find(
    tx: Tx,
    o: { tenantId: string; key: string; fingerprint: string },
  ): Promise<{ callId: string; same: boolean } | null>
}

/** A claim that waits longer than this answers that the first request is still running. */
const waitForFirstMs = 2_000

/**
 * Idempotency keys as rows. A fingerprint covers a phone number, and a plain hash of so few
 * possible numbers could be searched: it is stored under a key.
 */
export function createKeyClaims(ring: ContentRing): KeyClaims {
  const stored = (tenantId: string, fingerprint: string) =>
    blindIndex(ring, { purpose: 'idempotency-fingerprint', tenantId }, fingerprint)
  return {
    claim: async (tx, { tenantId, key, fingerprint, callId }) => {
      await tx.execute(sql`select set_config('lock_timeout', ${`${waitForFirstMs}ms`}, true)`)
      const claimed = await tx
        .insert(idempotencyKeys)
        .values({
          tenantId,
          route: routeName,
          key,
          fingerprint: stored(tenantId, fingerprint)[0] ?? '',
          callId,
          status: 202,
        })
        .onConflictDoNothing()
        .returning({ key: idempotencyKeys.key })
      return claimed.length > 0
    },
    find: async (tx, { tenantId, key, fingerprint }) => {
      const [row] = await tx
        .select({ callId: idempotencyKeys.callId, fingerprint: idempotencyKeys.fingerprint })
        .from(idempotencyKeys)
        .where(and(eq(idempotencyKeys.route, routeName), eq(idempotencyKeys.key, key)))
      if (row === undefined) return null
      const same = stored(tenantId, fingerprint).includes(row.fingerprint)
      return { callId: row.callId, same }
    },
  }
}
