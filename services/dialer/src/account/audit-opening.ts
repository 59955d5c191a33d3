import { ID_RANDOM_BYTES, newId } from '@callwire/contracts'
import { auditLog, type Tx } from '@callwire/db'
import type { Clock, Random } from '@callwire/runtime'
import { keyIdOf, type PhoneAccount } from './phone-account.ts'

/** What an account is opened for: something about a call, or the check that a person asked for. */
export type Opening =
  | { purpose: 'place-call' | 'reconcile' | 'poll'; callId: string }
  | { purpose: 'check'; checkId: string }

/** What the audit says of an opening: for what, and by which key. Ids alone. */
export function openingDetails(opening: Opening, account: PhoneAccount) {
  return { ...opening, keyId: keyIdOf(account) }
}

/**
 * Writes down that a phone's account is about to be opened, for which call or check, why and by
 * which key, in the caller's transaction: an opening that cannot be written down does not happen.
 */
export async function auditOpening(
  tx: Tx,
  d: { clock: Clock; random: Random },
  o: { tenantId: string; phoneId: string; opening: Opening; account: PhoneAccount },
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
    details: openingDetails(o.opening, o.account),
  })
}
