import type { Revocations } from '@callwire/bus'
import { users, type Database } from '@callwire/db'
import { eq } from 'drizzle-orm'
import type { BestEffort } from '../../best-effort.ts'
import { done } from '../../http/reply.ts'
import { idParams, noContent, route } from '../../http/route.ts'
import { actorOf, type RecordAudit } from '../../record-audit.ts'
import { checkManageable, checkOwnerRemains } from './check-manageable.ts'
import { findUser } from './find-user.ts'

export function deleteUser(deps: {
  database: Pick<Database, 'withTenant'>
  audit: RecordAudit
  revocations: Pick<Revocations, 'announce'>
  bestEffort: BestEffort
}) {
  return route({
    method: 'DELETE',
    path: '/users/:id',
    access: 'users:write',
    tag: 'users',
    summary: 'Delete a person',
    description: 'Their sessions end at once; what they did stays in the audit, by their id.',
    params: idParams,
    replies: { 204: noContent },
    handle: async ({ principal, params }) => {
      const { tenantId } = principal
      const id = await deps.database.withTenant(tenantId, async (tx) => {
        const row = await findUser(tx, params.id)
        checkManageable(principal, row)
        await checkOwnerRemains(tx, row)
        await tx.delete(users).where(eq(users.id, row.id))
        await deps.audit(tx, {
          tenantId,
          actor: actorOf(principal),
          action: 'user.deleted',
          target: { kind: 'user', id: row.id },
        })
        return row.id
      })
      deps.bestEffort.run('announce revocation', () =>
        deps.revocations.announce({ tenantId, kind: 'user', id }),
      )
      return done
    },
  })
}
