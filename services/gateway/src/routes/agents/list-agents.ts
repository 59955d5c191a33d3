import { agentSchema, page, pageQuery } from '@callwire/contracts'
import { agents, type Database } from '@callwire/db'
import { and, desc, isNull, lt } from 'drizzle-orm'
import { z } from 'zod'
import { decodeCursor, pageOf } from '../../http/cursor.ts'
import { ok } from '../../http/reply.ts'
import { route } from '../../http/route.ts'
import { viewAgent } from './agent-view.ts'

export function listAgents(deps: { database: Pick<Database, 'withTenant'> }) {
  return route({
    method: 'GET',
    path: '/agents',
    access: 'agents:read',
    tag: 'agents',
    summary: 'List agents, newest first',
    query: z.strictObject(pageQuery),
    replies: { 200: page({ agents: z.array(agentSchema) }).meta({ description: 'One page' }) },
    handle: async ({ principal, query }) => {
      const before = query.cursor === undefined ? null : decodeCursor('agent', query.cursor)
      const found = await deps.database.withTenant(principal.tenantId, (tx) =>
        tx
          .select()
          .from(agents)
          .where(and(isNull(agents.deletedAt), before === null ? undefined : lt(agents.id, before)))
          .orderBy(desc(agents.id))
          .limit(query.limit + 1),
      )
      const { rows, nextCursor } = pageOf(found, query.limit)
      return ok(200, { agents: rows.map((row) => viewAgent(row, principal)), nextCursor })
    },
  })
}
