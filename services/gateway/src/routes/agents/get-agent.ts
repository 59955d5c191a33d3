import { agentSchema, success } from '@callwire/contracts'
import type { Database } from '@callwire/db'
import { ok } from '../../http/reply.ts'
import { idParams, route } from '../../http/route.ts'
import { viewAgent } from './agent-view.ts'
import { findAgent } from './find-agent.ts'

export function getAgent(deps: { database: Pick<Database, 'withTenant'> }) {
  return route({
    method: 'GET',
    path: '/agents/:id',
    access: 'agents:read',
    tag: 'agents',
    summary: 'Show an agent',
    params: idParams,
    replies: { 200: success({ agent: agentSchema }).meta({ description: 'The agent' }) },
    handle: async ({ principal, params }) => {
      const row = await deps.database.withTenant(principal.tenantId, (tx) =>
        findAgent(tx, params.id),
      )
      return ok(200, { agent: viewAgent(row, principal) })
    },
  })
}
