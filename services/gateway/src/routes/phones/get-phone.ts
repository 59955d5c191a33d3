import { phoneSchema, success } from '@callwire/contracts'
import type { Database } from '@callwire/db'
import { ok } from '../../http/reply.ts'
import { idParams, route } from '../../http/route.ts'
import { findAccount, findPhone } from './find-phone.ts'
import { viewPhone } from './phone-view.ts'

export function getPhone(deps: { database: Pick<Database, 'withTenant'> }) {
  return route({
    method: 'GET',
    path: '/phones/:id',
    access: 'phones:read',
    tag: 'phones',
    summary: 'Show a phone',
    params: idParams,
    replies: { 200: success({ phone: phoneSchema }).meta({ description: 'The phone' }) },
    handle: async ({ principal, params }) => {
      const phone = await deps.database.withTenant(principal.tenantId, async (tx) => {
        const row = await findPhone(tx, params.id)
        return viewPhone(row, await findAccount(tx, row.id))
      })
      return ok(200, { phone })
    },
  })
}
