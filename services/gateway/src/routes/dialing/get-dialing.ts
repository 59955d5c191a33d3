import { dialingSchema, success } from '@callwire/contracts'
import type { Database } from '@callwire/db'
import { ok } from '../../http/reply.ts'
import { route } from '../../http/route.ts'
import { readDialing } from './read-dialing.ts'

export function getDialing(deps: { database: Pick<Database, 'withTenant'> }) {
  return route({
    method: 'GET',
    path: '/dialing',
    access: 'calls:read',
    tag: 'dialing',
    summary: 'Show whether calls are being dialed, and what those wait for that are not',
    replies: { 200: success({ dialing: dialingSchema }).meta({ description: 'How it stands' }) },
    handle: async ({ principal: { tenantId } }) => {
      const dialing = await deps.database.withTenant(tenantId, (tx) => readDialing(tx, tenantId))
      return ok(200, { dialing })
    },
  })
}
