import type { Principal } from '@callwire/accounts'
import type { NeverCall } from '@callwire/contracts'
import { type neverCall, type Tx } from '@callwire/db'
import { actorOf, type RecordAudit } from '../../record-audit.ts'
import type { ListedNumbers } from './listed-number.ts'

export type NeverCallRow = typeof neverCall.$inferSelect

/** An entry as it is shown: its number in clear only to those who may read numbers. */
export function viewNeverCall(
  row: NeverCallRow,
  reader: Pick<Principal, 'permissions'>,
  numbers: Pick<ListedNumbers, 'open'>,
): NeverCall {
  return {
    id: row.id,
    number: reader.permissions.has('pii:read')
      ? numbers.open(row.tenantId, row.id, row.personSealed)
      : row.personMasked,
    reason: row.reason,
    expiresAt: row.expiresAt?.toISOString() ?? null,
    createdAt: row.createdAt.toISOString(),
  }
}

/** Leaves one row in the audit for a request that shows entries' numbers in clear. */
export async function auditListed(
  tx: Tx,
  o: { audit: RecordAudit; principal: Principal; ids: readonly string[] },
): Promise<void> {
  const { principal, ids } = o
  if (ids.length === 0 || !principal.permissions.has('pii:read')) return
  await o.audit(tx, {
    tenantId: principal.tenantId,
    actor: actorOf(principal),
    action: 'pii.read',
    details: { field: 'never_call', entries: ids.length, ids: ids.join(',') },
  })
}
