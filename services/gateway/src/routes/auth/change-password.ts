import { changePassword as change } from '@callwire/accounts'
import type { Revocations } from '@callwire/bus'
import { passwordBody, success, userSchema } from '@callwire/contracts'
import { users, type Database } from '@callwire/db'
import type { Clock } from '@callwire/runtime'
import { eq } from 'drizzle-orm'
import type { BestEffort } from '../../best-effort.ts'
import { invalidField } from '../../http/api-error.ts'
import { first, ok } from '../../http/reply.ts'
import { route } from '../../http/route.ts'
import { actorOf, type RecordAudit } from '../../record-audit.ts'
import { userColumns, viewUser } from '../users/user-view.ts'
import type { FailedLogins } from './failed-logins.ts'

export function changePassword(deps: {
  database: Pick<Database, 'withTenant'>
  clock: Pick<Clock, 'now'>
  audit: RecordAudit
  failedLogins: FailedLogins
  revocations: Pick<Revocations, 'announce'>
  bestEffort: BestEffort
}) {
  return route({
    method: 'POST',
    path: '/auth/password',
    access: 'session',
    tag: 'auth',
    summary: 'Change your password',
    description: 'At least 12 characters. Ends every other session of yours.',
    body: passwordBody,
    replies: { 200: success({ user: userSchema }).meta({ description: 'Changed' }) },
    handle: async ({ principal, body }) => {
      const { tenantId, id, sessionId } = principal
      deps.failedLogins.check(id)
      const outcome = await change(deps, { tenantId, userId: id, sessionId }, body)
      if (outcome.kind === 'wrong_password') {
        deps.failedLogins.record(id)
        throw invalidField('body.currentPassword', 'is not your password')
      }
      if (outcome.kind === 'unchanged') {
        throw invalidField('body.newPassword', 'must differ from the current one')
      }
      for (const ended of outcome.endedSessions) {
        deps.bestEffort.run('announce revocation', () =>
          deps.revocations.announce({ tenantId, kind: 'session', id: ended }),
        )
      }
      const row = await deps.database.withTenant(tenantId, async (tx) => {
        await deps.audit(tx, {
          tenantId,
          actor: actorOf(principal),
          action: 'password.changed',
          target: { kind: 'user', id },
          details: { endedSessions: outcome.endedSessions.length },
        })
        return first(await tx.select(userColumns).from(users).where(eq(users.id, id)))
      })
      return ok(200, { user: viewUser(row) })
    },
  })
}
