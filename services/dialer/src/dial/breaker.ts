import { phones, type Tx } from '@callwire/db'
import { and, eq, ne, sql } from 'drizzle-orm'
import type { CredentialVerdict } from './decide-outcome.ts'

/** Two refusals in a row: one may be a hiccup of Exotel's, a third would only be noise there. */
const REFUSALS_THAT_OPEN = 2

/**
 * Keeps count of refusals of a phone's credentials in a row.
 *
 * @returns whether this verdict is the one that opened the breaker
 */
export async function recordVerdict(
  tx: Tx,
  phone: { tenantId: string; id: string },
  verdict: CredentialVerdict,
): Promise<boolean> {
  const row = and(eq(phones.tenantId, phone.tenantId), eq(phones.id, phone.id))
  if (verdict === 'unjudged') return false
  if (verdict === 'accepted') {
    await tx
      .update(phones)
      .set({ authFailures: 0 })
      .where(and(row, ne(phones.authFailures, 0)))
    return false
  }
  const refusals = sql`${phones.authFailures} + 1`
  const [phoneNow] = await tx
    .update(phones)
    .set({
      authFailures: refusals,
      breakerOpenedAt: sql`case when ${refusals} >= ${REFUSALS_THAT_OPEN}
        then coalesce(${phones.breakerOpenedAt}, now()) else ${phones.breakerOpenedAt} end`,
    })
    .where(row)
    .returning({ authFailures: phones.authFailures })
  return phoneNow?.authFailures === REFUSALS_THAT_OPEN
}
