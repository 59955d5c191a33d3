import { phoneCredentials, phones, type Tx } from '@callwire/db'
import { and, eq, exists, ne, not, sql, type SQL } from 'drizzle-orm'
import type { PhoneAccount } from '../account/phone-account.ts'
import type { CredentialVerdict } from './decide-outcome.ts'

/** Two refusals in a row: one may be a hiccup of Exotel's, a third would only be noise there. */
const REFUSALS_THAT_OPEN = 2

type Phone = { tenantId: string; id: string }

/**
 * Keeps count of refusals of a phone's credentials in a row. A refusal of credentials that were
 * replaced while it was on its way says nothing of those that the phone has now.
 *
 * @param judged - what the attempt was made with
 * @returns whether this verdict is the one that opened the breaker
 */
export async function recordVerdict(
  tx: Tx,
  phone: Phone,
  { verdict, judged }: { verdict: CredentialVerdict; judged: PhoneAccount },
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
    .where(and(row, areStill(tx, phone, judged)))
    .returning({ authFailures: phones.authFailures })
  return phoneNow?.authFailures === REFUSALS_THAT_OPEN
}

/** Whether a phone's credentials are those that an attempt was made with. */
function areStill(tx: Tx, phone: Phone, judged: PhoneAccount): SQL {
  const stored = and(
    eq(phoneCredentials.tenantId, phone.tenantId),
    eq(phoneCredentials.phoneId, phone.id),
  )
  const found = (which: SQL | undefined) =>
    exists(
      tx
        .select({ one: sql`1` })
        .from(phoneCredentials)
        .where(which),
    )
  // The install's own account speaks for a phone as long as it has none.
  if (judged.kind === 'global') return not(found(stored))
  return found(and(stored, eq(phoneCredentials.version, judged.stored.version)))
}
