import { installDialingSchema, success } from '@callwire/contracts'
import type { Database } from '@callwire/db'
import { ok } from '../../http/reply.ts'
import { route } from '../../http/route.ts'
import { readInstallDialing } from './install-row.ts'
import { requireOperator } from './require-operator.ts'

export function getInstallDialing(deps: { database: Pick<Database, 'withTenant'> }) {
  return route({
    method: 'GET',
    path: '/install/dialing',
    access: 'install:write',
    tag: 'dialing',
    summary: "Show the install's own switch",
    description: 'For the tenant that operates the install.',
    replies: {
      200: success({ dialing: installDialingSchema }).meta({ description: 'The switch' }),
    },
    handle: async ({ principal: { tenantId } }) => {
      const dialing = await deps.database.withTenant(tenantId, async (tx) => {
        await requireOperator(tx, tenantId)
        return readInstallDialing(tx)
      })
      return ok(200, { dialing })
    },
  })
}
