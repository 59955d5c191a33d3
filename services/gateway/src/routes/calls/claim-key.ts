import { blindIndex, constantTimeEqual, openContent, sealContent } from '@callwire/crypto'
import type { ContentRing } from '@callwire/crypto'
import { idempotencyKeys, type Tx } from '@callwire/db'
import { sealContexts } from '@callwire/keyring'
import { and, eq, not } from 'drizzle-orm'
import { keyIsOver } from './key-life.ts'
import type { NewCall } from './store-call.ts'

/** Both addresses of the route share its keys. */
const routeName = 'POST /calls'

export type KeyClaims = {
  /** What claims a key for a call, once it is stored. */
  make(o: {
    tenantId: string
    key: string
    fingerprint: string
    callId: string
  }): NonNullable<NewCall['claim']>
  /** The call a key stands for, and whether it was claimed by the same request; or null. */
  find(
    tx: Tx,
    o: { tenantId: string; key: string; fingerprint: string },
  ): Promise<{ callId: string; same: boolean } | null>
}

/**
 * Idempotency keys as rows. A fingerprint covers a phone number, and a plain hash of so few
 * possible numbers could be searched: it is stored sealed to its row.
 */
export function createKeyClaims(ring: ContentRing): KeyClaims {
  return {
    make: ({ tenantId, key, fingerprint, callId }) => ({
      route: routeName,
      key,
      fingerprint: sealContent(ring, sealContexts.fingerprint(tenantId, callId), fingerprint),
    }),
    find: async (tx, { tenantId, key, fingerprint }) => {
      const [row] = await tx
        .select({ callId: idempotencyKeys.callId, stored: idempotencyKeys.fingerprint })
        .from(idempotencyKeys)
        .where(
          and(eq(idempotencyKeys.route, routeName), eq(idempotencyKeys.key, key), not(keyIsOver)),
        )
      if (row === undefined) return null
      const same = isSame(ring, { tenantId, fingerprint, ...row })
      return { callId: row.callId, same }
    },
  }
}

/** @throws CryptoError when a sealed fingerprint does not open: then nothing is placed or shown */
function isSame(
  ring: ContentRing,
  row: { tenantId: string; callId: string; stored: string; fingerprint: string },
): boolean {
  const { tenantId, callId, stored, fingerprint } = row
  if (!isKeyedHash(stored)) {
    const context = sealContexts.fingerprint(tenantId, callId)
    return constantTimeEqual(openContent(ring, context, stored).toString('utf8'), fingerprint)
  }
  const keyOf = (entry: string) => entry.slice(0, entry.indexOf('.'))
  const comparable = blindIndex(ring, { purpose: 'idempotency-fingerprint', tenantId }, fingerprint)
  const [entry] = comparable.filter((made) => keyOf(made) === keyOf(stored))
  // Its key is gone, so nobody can tell. The first call is shown again: whoever repeats a request
  // must not cause another one, and whoever misuses a key learns of a call of their own tenant.
  return entry === undefined || constantTimeEqual(entry, stored)
}

/** The former form, `kid.hash`: one dot, where an envelope has more. */
function isKeyedHash(stored: string): boolean {
  return stored.indexOf('.') === stored.lastIndexOf('.')
}
