import { retentionSchema, success } from '@callwire/contracts'
import type { Database } from '@callwire/db'
import { ok } from '../../http/reply.ts'
import { route } from '../../http/route.ts'
import { readRetention } from './read-retention.ts'

export function getRetention(deps: { database: Pick<Database, 'withTenant'> }) {
  return route({
    method: 'GET',
    path: '/retention',
    access: 'settings:read',
    tag: 'settings',
    summary: 'What is past its life, and what was erased last',
    description:
      'How long things are kept is set with `PATCH /settings`. A sweeper erases what is older about every hour; each batch of it is an entry `retention.swept` of the audit.',
    replies: {
      200: success({ retention: retentionSchema }).meta({ description: 'How retention stands' }),
    },
    handle: async ({ principal }) => {
      const { tenantId } = principal
      const retention = await deps.database.withTenant(tenantId, (tx) =>
        readRetention(tx, tenantId),
      )
      return ok(200, { retention })
    },
  })
}
