import type { Principal } from '@callwire/accounts'
import { auditLog, type Tx } from '@callwire/db'
import type { NewId } from './new-id.ts'

/** Everything the gateway writes into the audit. */
export type AuditAction =
  | 'login.succeeded'
  | 'login.failed'
  | 'password.changed'
  | 'session.ended'
  | 'session.token_reused'
  | 'user.created'
  | 'user.changed'
  | 'user.deleted'
  | 'api_key.created'
  | 'api_key.revoked'
  | 'phone.imported'
  | 'phone.changed'
  | 'phone.deleted'
  | 'phone.credentials_replaced'
  | 'phone.ingest_credentials_made'
  | 'phone.breaker_reset'
  | 'phone.check_asked'
  | 'agent.created'
  | 'agent.changed'
  | 'agent.deleted'
  | 'call.placed'
  | 'call.canceled'
  | 'call.reconciled'
  | 'pii.read'
  | 'recording.played'
  | 'ticket.made'
  | 'ingest_token.made'
  | 'settings.changed'
  | 'install.dialing_paused'
  | 'install.dialing_resumed'
  | 'never_call.added'
  | 'never_call.replaced'
  | 'never_call.removed'
  | 'never_call.imported'
  | 'webhook.created'
  | 'webhook.changed'
  | 'webhook.enabled'
  | 'webhook.deleted'
  | 'webhook.secret_rotated'
  | 'webhook.replayed'
  | 'webhook.tested'

export type AuditActor = { kind: 'user' | 'api_key'; id: string }

export type RecordAudit = (
  tx: Tx,
  entry: {
    tenantId: string
    actor: AuditActor
    action: AuditAction
    target?: { kind: string; id: string }
    /** Ids, counts and names of fields; never a number, a secret or a word. */
    details?: Record<string, string | number | boolean | null>
  },
) => Promise<void>

/** Adds a row to the audit, in the transaction of what it tells about. */
export function createRecordAudit(newId: NewId): RecordAudit {
  return async (tx, { tenantId, actor, action, target, details }) => {
    await tx.insert(auditLog).values({
      tenantId,
      id: newId('audit'),
      actorKind: actor.kind,
      actorId: actor.id,
      action,
      targetKind: target?.kind ?? null,
      targetId: target?.id ?? null,
      details: details ?? {},
    })
  }
}

export function actorOf(principal: Pick<Principal, 'kind' | 'id'>): AuditActor {
  return { kind: principal.kind, id: principal.id }
}
