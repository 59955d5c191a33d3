import { isId } from '@callwire/contracts'
import { neverCall, type Database } from '@callwire/db'
import { eq } from 'drizzle-orm'
import { notFound } from '../../http/api-error.ts'
import { done } from '../../http/reply.ts'
import { idParams, noContent, route } from '../../http/route.ts'
import { actorOf, type RecordAudit } from '../../record-audit.ts'

export function removeNeverCall(deps: {
  database: Pick<Database, 'withTenant'>
  audit: RecordAudit
}) {
  return route({
    method: 'DELETE',
    path: '/never-call/:id',
    access: 'never_call:write',
    tag: 'never-call',
    summary: 'Take a number off the never-call list',
    params: idParams,
    replies: { 204: noContent },
    handle: async ({ principal, params: { id } }) => {
      const { tenantId } = principal
      if (!isId('neverCall', id)) throw notFound('entry')
      await deps.database.withTenant(tenantId, async (tx) => {
        const removed = await tx.delete(neverCall).where(eq(neverCall.id, id)).returning()
        if (removed.length === 0) throw notFound('entry')
        await deps.audit(tx, {
          tenantId,
          actor: actorOf(principal),
          action: 'never_call.removed',
          target: { kind: 'never_call', id },
        })
      })
      return done
    },
  })
}
