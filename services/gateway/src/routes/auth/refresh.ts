import { refreshSession, type SessionDeps } from '@callwire/accounts'
import type { Revocations } from '@callwire/bus'
import { refreshBody, sessionReply } from '@callwire/contracts'
import type { BestEffort } from '../../best-effort.ts'
import { ApiError } from '../../http/api-error.ts'
import { ok } from '../../http/reply.ts'
import { route } from '../../http/route.ts'
import type { RecordAudit } from '../../record-audit.ts'
import { sessionData } from './session-data.ts'

export function refresh(
  deps: SessionDeps & {
    audit: RecordAudit
    revocations: Pick<Revocations, 'announce'>
    bestEffort: BestEffort
  },
) {
  return route({
    method: 'POST',
    path: '/auth/refresh',
    access: 'public',
    tag: 'auth',
    summary: 'Trade a refresh token for new tokens',
    description:
      'Each refresh token works once. One that is used again ends the session, since it was copied.',
    body: refreshBody,
    replies: { 200: sessionReply.meta({ description: 'Still signed in' }) },
    handle: async ({ body }) => {
      const outcome = await refreshSession(deps, body.refreshToken)
      if (outcome.kind === 'ok') return ok(200, sessionData(outcome.session))
      if (outcome.kind === 'reused') {
        const { tenantId, userId, sessionId } = outcome
        deps.bestEffort.run('announce revocation', () =>
          deps.revocations.announce({ tenantId, kind: 'session', id: sessionId }),
        )
        await deps.database.withTenant(tenantId, (tx) =>
          deps.audit(tx, {
            tenantId,
            actor: { kind: 'user', id: userId },
            action: 'session.token_reused',
            target: { kind: 'session', id: sessionId },
          }),
        )
      }
      throw new ApiError('unauthenticated', 'This refresh token is not valid any more.')
    },
  })
}
