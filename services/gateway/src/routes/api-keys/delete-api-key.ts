import type { Revocations } from '@callwire/bus'
import { isId } from '@callwire/contracts'
import { apiKeys, type Database } from '@callwire/db'
import { and, eq, isNull, sql } from 'drizzle-orm'
import type { BestEffort } from '../../best-effort.ts'
import { notFound } from '../../http/api-error.ts'
import { done } from '../../http/reply.ts'
import { idParams, noContent, route } from '../../http/route.ts'
import { actorOf, type RecordAudit } from '../../record-audit.ts'

export function deleteApiKey(deps: {
  database: Pick<Database, 'withTenant'>
  audit: RecordAudit
  revocations: Pick<Revocations, 'announce'>
  bestEffort: BestEffort
}) {
  return route({
    method: 'DELETE',
    path: '/api-keys/:id',
    access: 'keys:write',
    tag: 'api-keys',
    summary: 'Revoke an API key',
    description: 'From the next request on it is refused, and open sockets that used it close.',
    params: idParams,
    replies: { 204: noContent },
    handle: async ({ principal, params }) => {
      const { tenantId } = principal
      const { id } = params
      if (!isId('apiKey', id)) throw notFound('API key')
      await deps.database.withTenant(tenantId, async (tx) => {
        const revoked = await tx
          .update(apiKeys)
          .set({ revokedAt: sql`now()` })
          .where(and(eq(apiKeys.id, id), isNull(apiKeys.revokedAt)))
          .returning({ id: apiKeys.id })
        if (revoked.length === 0) throw notFound('API key')
        await deps.audit(tx, {
          tenantId,
          actor: actorOf(principal),
          action: 'api_key.revoked',
          target: { kind: 'api_key', id },
        })
      })
      deps.bestEffort.run('announce revocation', () =>
        deps.revocations.announce({ tenantId, kind: 'key', id }),
      )
      return done
    },
  })
}
