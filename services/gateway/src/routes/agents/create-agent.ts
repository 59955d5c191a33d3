import { agentSchema, createAgentBody, success } from '@callwire/contracts'
import { agents, type Database } from '@callwire/db'
import { first, ok } from '../../http/reply.ts'
import { route } from '../../http/route.ts'
import type { NewId } from '../../new-id.ts'
import { actorOf, type RecordAudit } from '../../record-audit.ts'
import { agentNumber } from './agent-number.ts'
import { viewAgent } from './agent-view.ts'

export function createAgent(deps: {
  database: Pick<Database, 'withTenant'>
  newId: NewId
  audit: RecordAudit
}) {
  return route({
    method: 'POST',
    path: '/agents',
    access: 'agents:write',
    tag: 'agents',
    summary: 'Create an agent',
    description:
      'Who answers for a phone: a person (`human`), a flow of Exotel (`flow`), or a media stream (`stream`).',
    body: createAgentBody,
    replies: { 201: success({ agent: agentSchema }).meta({ description: 'The new agent' }) },
    handle: async ({ principal, body }) => {
      const { tenantId } = principal
      const values = {
        tenantId,
        id: deps.newId('agent'),
        name: body.name,
        kind: body.kind,
        number: body.kind === 'human' ? agentNumber(body.number) : null,
        appId: body.kind === 'flow' ? body.appId : null,
        streamUrl: body.kind === 'stream' ? (body.streamUrl ?? null) : null,
      }
      const row = await deps.database.withTenant(tenantId, async (tx) => {
        const inserted = first(await tx.insert(agents).values(values).returning())
        await deps.audit(tx, {
          tenantId,
          actor: actorOf(principal),
          action: 'agent.created',
          target: { kind: 'agent', id: values.id },
          details: { kind: body.kind },
        })
        return inserted
      })
      return ok(201, { agent: viewAgent(row, principal) })
    },
  })
}
