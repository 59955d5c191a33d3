import { isId } from '@callwire/contracts'
import { phoneCredentials, phones, tenantCountIn, type Tx } from '@callwire/db'
import { and, eq, isNull } from 'drizzle-orm'
import { ApiError, notFound } from '../../http/api-error.ts'

export type PhoneRow = typeof phones.$inferSelect
/** What may be known of a phone's account outside the dialer. */
export type AccountRow = { sid: string; subdomain: string; version: number }

/**
 * The phone of this tenant.
 *
 * @throws ApiError `not_found` also when it is another tenant's, deleted, or no id at all
 */
export async function findPhone(tx: Tx, id: string, o: { lock?: boolean } = {}): Promise<PhoneRow> {
  if (!isId('phone', id)) throw notFound('phone')
  const query = tx
    .select()
    .from(phones)
    .where(and(eq(phones.id, id), isNull(phones.deletedAt)))
  const [row] = await (o.lock === true ? query.for('update') : query)
  if (row === undefined) throw notFound('phone')
  return row
}

/** The columns of a phone's credentials that this service may select. */
export const accountColumns = {
  sid: phoneCredentials.sid,
  subdomain: phoneCredentials.subdomain,
  version: phoneCredentials.version,
}

export async function findAccount(tx: Tx, phoneId: string): Promise<AccountRow | null> {
  const [row] = await tx
    .select(accountColumns)
    .from(phoneCredentials)
    .where(eq(phoneCredentials.phoneId, phoneId))
  return row ?? null
}

/**
 * Makes sure that there is an account for a phone's requests: its own, or the install's, which
 * serves phones without one as long as there is one tenant.
 *
 * @throws ApiError `no_credentials`
 */
export async function requireAccount(
  tx: Tx,
  phoneId: string,
  { globalFallback }: { globalFallback: boolean },
): Promise<void> {
  if ((await findAccount(tx, phoneId)) !== null) return
  if (globalFallback && (await tenantCountIn(tx)) === 1) return
  throw new ApiError('no_credentials', 'No Exotel credentials found for this phone number')
}
