import { logout as signOut } from '@callwire/accounts'
import type { Revocations } from '@callwire/bus'
import { success } from '@callwire/contracts'
import type { Database } from '@callwire/db'
import type { Clock } from '@callwire/runtime'
import type { BestEffort } from '../../best-effort.ts'
import { ok } from '../../http/reply.ts'
import { route } from '../../http/route.ts'
import { actorOf, type RecordAudit } from '../../record-audit.ts'

export function logout(deps: {
  database: Pick<Database, 'withTenant'>
  clock: Pick<Clock, 'now'>
  audit: RecordAudit
  revocations: Pick<Revocations, 'announce'>
  bestEffort: BestEffort
}) {
  return route({
    method: 'POST',
    path: '/auth/logout',
    access: 'session',
    tag: 'auth',
    summary: 'End this session',
    description: 'Its tokens stop working at once, and its open sockets close.',
    replies: { 200: success({}).meta({ description: 'Signed out' }) },
    handle: async ({ principal }) => {
      const { tenantId, sessionId } = principal
      await signOut(deps, { tenantId, sessionId })
      deps.bestEffort.run('announce revocation', () =>
        deps.revocations.announce({ tenantId, kind: 'session', id: sessionId }),
      )
      await deps.database.withTenant(tenantId, (tx) =>
        deps.audit(tx, {
          tenantId,
          actor: actorOf(principal),
          action: 'session.ended',
          target: { kind: 'session', id: sessionId },
        }),
      )
      return ok(200, {})
    },
  })
}
