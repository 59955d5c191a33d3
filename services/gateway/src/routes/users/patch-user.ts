import { patchUserBody, success, userSchema } from '@callwire/contracts'
import type { Revocations } from '@callwire/bus'
import { sessions, users, type Database } from '@callwire/db'
import { and, eq, isNull, sql } from 'drizzle-orm'
import type { BestEffort } from '../../best-effort.ts'
import { ApiError } from '../../http/api-error.ts'
import { first, ok } from '../../http/reply.ts'
import { idParams, route } from '../../http/route.ts'
import { actorOf, type RecordAudit } from '../../record-audit.ts'
import { checkManageable, checkOwnerRemains } from './check-manageable.ts'
import { findUser } from './find-user.ts'
import { mayGrant } from './may-grant.ts'
import { userColumns, viewUser } from './user-view.ts'

export function patchUser(deps: {
  database: Pick<Database, 'withTenant'>
  audit: RecordAudit
  revocations: Pick<Revocations, 'announce'>
  bestEffort: BestEffort
}) {
  return route({
    method: 'PATCH',
    path: '/users/:id',
    access: 'users:write',
    tag: 'users',
    summary: "Change a person's role, or disable them",
    description:
      'Disabling ends every session of theirs at once; either closes their open sockets.',
    params: idParams,
    body: patchUserBody,
    replies: { 200: success({ user: userSchema }).meta({ description: 'The changed user' }) },
    handle: async ({ principal, params, body }) => {
      const { tenantId } = principal
      const user = await deps.database.withTenant(tenantId, async (tx) => {
        const row = await findUser(tx, params.id)
        const changes = {
          ...(body.role === undefined ? {} : { role: body.role }),
          ...(body.status === undefined ? {} : { status: body.status }),
        }
        if (Object.keys(changes).length === 0) return viewUser(row)
        checkManageable(principal, row)
        if (body.role !== undefined && !mayGrant(principal, body.role)) {
          throw new ApiError('forbidden', 'You may not give this role.')
        }
        const staysOwner = (body.role ?? row.role) === 'owner' && body.status !== 'disabled'
        if (!staysOwner) await checkOwnerRemains(tx, row)
        const changed = first(
          await tx.update(users).set(changes).where(eq(users.id, row.id)).returning(userColumns),
        )
        if (body.status === 'disabled') {
          await tx
            .update(sessions)
            .set({ revokedAt: sql`now()` })
            .where(and(eq(sessions.userId, row.id), isNull(sessions.revokedAt)))
        }
        await deps.audit(tx, {
          tenantId,
          actor: actorOf(principal),
          action: 'user.changed',
          target: { kind: 'user', id: row.id },
          details: changes,
        })
        return viewUser(changed)
      })
      if (body.role !== undefined || body.status !== undefined) {
        deps.bestEffort.run('announce revocation', () =>
          deps.revocations.announce({ tenantId, kind: 'user', id: user.id }),
        )
      }
      return ok(200, { user })
    },
  })
}
