import { agents, phones, type Database } from '@callwire/db'
import { eq, sql } from 'drizzle-orm'
import { done } from '../../http/reply.ts'
import { idParams, noContent, route } from '../../http/route.ts'
import { actorOf, type RecordAudit } from '../../record-audit.ts'
import { findAgent } from './find-agent.ts'

export function deleteAgent(deps: { database: Pick<Database, 'withTenant'>; audit: RecordAudit }) {
  return route({
    method: 'DELETE',
    path: '/agents/:id',
    access: 'agents:write',
    tag: 'agents',
    summary: 'Delete an agent',
    description: 'Phones it answered for are left without an agent.',
    params: idParams,
    replies: { 204: noContent },
    handle: async ({ principal, params }) => {
      const { tenantId } = principal
      await deps.database.withTenant(tenantId, async (tx) => {
        const { id } = await findAgent(tx, params.id, { lock: true })
        await tx.update(phones).set({ agentId: null }).where(eq(phones.agentId, id))
        await tx
          .update(agents)
          .set({ deletedAt: sql`now()` })
          .where(eq(agents.id, id))
        await deps.audit(tx, {
          tenantId,
          actor: actorOf(principal),
          action: 'agent.deleted',
          target: { kind: 'agent', id },
        })
      })
      return done
    },
  })
}
