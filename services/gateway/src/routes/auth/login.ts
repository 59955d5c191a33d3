import { login as signIn, type SessionDeps } from '@callwire/accounts'
import { loginBody, sessionReply } from '@callwire/contracts'
import { ApiError } from '../../http/api-error.ts'
import { ok } from '../../http/reply.ts'
import { route } from '../../http/route.ts'
import type { RecordAudit } from '../../record-audit.ts'
import type { FailedLogins } from './failed-logins.ts'
import { sessionData } from './session-data.ts'

export function login(deps: SessionDeps & { audit: RecordAudit; failedLogins: FailedLogins }) {
  return route({
    method: 'POST',
    path: '/auth/login',
    access: 'public',
    tag: 'auth',
    summary: 'Sign in',
    description:
      'With a one-time password the session can do nothing but change it: everything else answers `password_change_required`.',
    body: loginBody,
    replies: { 200: sessionReply.meta({ description: 'Signed in' }) },
    handle: async ({ body }) => {
      deps.failedLogins.check(body.email)
      const outcome = await signIn(deps, body)
      if (outcome.kind === 'refused') {
        deps.failedLogins.record(body.email)
        if (outcome.known !== null) await auditFailure(outcome.known)
        throw new ApiError('unauthenticated', 'Wrong e-mail address or password.')
      }
      deps.failedLogins.forget(body.email)
      const { session } = outcome
      const { id, tenantId } = session.user
      // Before the answer: tokens leave only when the sign-in is on record.
      await deps.database.withTenant(tenantId, (tx) =>
        deps.audit(tx, {
          tenantId,
          actor: { kind: 'user', id },
          action: 'login.succeeded',
          target: { kind: 'session', id: session.sessionId },
        }),
      )
      return ok(200, sessionData(session))
    },
  })

  async function auditFailure(known: { tenantId: string; userId: string }): Promise<void> {
    const { tenantId, userId } = known
    await deps.database.withTenant(tenantId, (tx) =>
      deps.audit(tx, {
        tenantId,
        actor: { kind: 'user', id: userId },
        action: 'login.failed',
        target: { kind: 'user', id: userId },
      }),
    )
  }
}
