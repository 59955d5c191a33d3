import type { Principal } from '@callwire/accounts'
import type { Tx } from '@callwire/db'
import { actorOf, type RecordAudit } from '../../record-audit.ts'

/**
 * Leaves one row in the audit for a request that shows people's numbers in clear, in the same
 * transaction as the reading: no number is shown that nobody wrote down.
 */
export async function auditReveal(
  tx: Tx,
  o: {
    audit: RecordAudit
    principal: Principal
    callIds: readonly string[]
  },
): Promise<void> {
  const { principal, callIds } = o
  const [only] = callIds
  if (only === undefined || !principal.permissions.has('pii:read')) return
  await o.audit(tx, {
    tenantId: principal.tenantId,
    actor: actorOf(principal),
    action: 'pii.read',
    ...(callIds.length === 1 ? { target: { kind: 'call', id: only } } : {}),
    details: {
      field: 'person',
      calls: callIds.length,
      ...(callIds.length === 1 ? {} : { callIds: callIds.join(',') }),
    },
  })
}
