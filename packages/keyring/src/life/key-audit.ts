import { ID_RANDOM_BYTES, newId } from '@callwire/contracts'
import { auditLog, type Transact } from '@callwire/db'
import type { Clock, Logger, Random } from '@callwire/runtime'
import type { KeyActor } from './key-life.ts'

/** Writes down a step before it is taken: what cannot be written down does not happen. */
export type KeyAudit = (entry: {
  by: KeyActor
  action: `keys.${string}`
  details: Record<string, string | number | boolean | null>
}) => Promise<void>

/**
 * Keys belong to the whole install, which has no audit log of its own: the operator tenant's is
 * used. An install without tenants has nobody yet who could read it; there a log line is all.
 *
 * @param d.withTenant - a database's or a provisioner's
 */
export function createKeyAudit(d: {
  withTenant: Transact
  operatorTenant: () => Promise<string | null>
  clock: Clock
  random: Random
  log: Logger
}): KeyAudit {
  return async ({ by, action, details }) => {
    const tenantId = await d.operatorTenant()
    d.log.info({ action, actorKind: by.kind, actorId: by.id, ...details }, 'keys step')
    if (tenantId === null) return
    const now = d.clock.now()
    await d.withTenant(tenantId, async (tx) => {
      await tx.insert(auditLog).values({
        tenantId,
        id: newId('audit', { nowMs: now, random: d.random(ID_RANDOM_BYTES) }),
        at: new Date(now),
        actorKind: by.kind,
        actorId: by.id,
        action,
        targetKind: 'keys',
        details,
      })
    })
  }
}
