import type { z } from 'zod'
import { agentSchema, patchAgentBody, success } from '@callwire/contracts'
import { agents, type Database } from '@callwire/db'
import { eq } from 'drizzle-orm'
import { invalidField } from '../../http/api-error.ts'
import { first, ok } from '../../http/reply.ts'
import { idParams, route } from '../../http/route.ts'
import { actorOf, type RecordAudit } from '../../record-audit.ts'
import { agentNumber } from './agent-number.ts'
import { viewAgent, type AgentRow } from './agent-view.ts'
import { findAgent } from './find-agent.ts'

export function patchAgent(deps: { database: Pick<Database, 'withTenant'>; audit: RecordAudit }) {
  return route({
    method: 'PATCH',
    path: '/agents/:id',
    access: 'agents:write',
    tag: 'agents',
    summary: 'Change an agent',
    description: 'The kind stays; a field of another kind is refused.',
    params: idParams,
    body: patchAgentBody,
    replies: { 200: success({ agent: agentSchema }).meta({ description: 'The changed agent' }) },
    handle: async ({ principal, params, body }) => {
      const { tenantId } = principal
      const row = await deps.database.withTenant(tenantId, async (tx) => {
        const found = await findAgent(tx, params.id, { lock: true })
        const changes = changesFor(found.kind, body)
        if (Object.keys(changes).length === 0) return found
        const changed = first(
          await tx.update(agents).set(changes).where(eq(agents.id, found.id)).returning(),
        )
        await deps.audit(tx, {
          tenantId,
          actor: actorOf(principal),
          action: 'agent.changed',
          target: { kind: 'agent', id: found.id },
          details: { fields: Object.keys(changes).join(',') },
        })
        return changed
      })
      return ok(200, { agent: viewAgent(row, principal) })
    },
  })
}

const fieldOfKind = { human: 'number', flow: 'appId', stream: 'streamUrl' } as const

function changesFor(
  kind: AgentRow['kind'],
  body: z.output<typeof patchAgentBody>,
): Partial<Pick<AgentRow, 'name' | 'number' | 'appId' | 'streamUrl'>> {
  for (const field of Object.values(fieldOfKind)) {
    if (body[field] !== undefined && field !== fieldOfKind[kind]) {
      throw invalidField(`body.${field}`, `does not belong to an agent of kind ${kind}`)
    }
  }
  return {
    ...(body.name === undefined ? {} : { name: body.name }),
    ...(body.number === undefined ? {} : { number: agentNumber(body.number) }),
    ...(body.appId === undefined ? {} : { appId: body.appId }),
    ...(body.streamUrl === undefined ? {} : { streamUrl: body.streamUrl }),
  }
}
