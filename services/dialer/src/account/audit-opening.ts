import { ID_RANDOM_BYTES, newId } from '@callwire/contracts'
import { auditLog, type Tx } from '@callwire/db'
import type { Clock, Random } from '@callwire/runtime'
import { keyIdsOf, type StoredCredentials } from './stored-credentials.ts'

export type OpeningPurpose = 'place-call' | 'reconcile' | 'poll'

/**
 * Writes down that a phone's credentials are about to be opened, for which call and why, in the
 * caller's transaction: an opening that cannot be written down does not happen.
 */
export async function auditOpening(
  tx: Tx,
  d: { clock: Clock; random: Random },
  o: {
    tenantId: string
    phoneId: string
    callId: string
    purpose: OpeningPurpose
    stored: StoredCredentials
  },
): Promise<void> {
  const now = d.clock.now()
  await tx.insert(auditLog).values({
    tenantId: o.tenantId,
    id: newId('audit', { nowMs: now, random: d.random(ID_RANDOM_BYTES) }),
    at: new Date(now),
    actorKind: 'service',
    actorId: 'dialer',
    action: 'credentials.open',
    targetKind: 'phone',
    targetId: o.phoneId,
    details: { callId: o.callId, purpose: o.purpose, keyId: keyIdsOf(o.stored) },
  })
}
