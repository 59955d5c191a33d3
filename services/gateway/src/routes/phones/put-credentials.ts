import { exotelConfigSchema, phoneSchema, success } from '@callwire/contracts'
import type { Database } from '@callwire/db'
import { ok } from '../../http/reply.ts'
import { idParams, route } from '../../http/route.ts'
import { actorOf, type RecordAudit } from '../../record-audit.ts'
import { findPhone } from './find-phone.ts'
import { viewPhone } from './phone-view.ts'
import type { SealAccount } from './seal-account.ts'

export function putCredentials(deps: {
  database: Pick<Database, 'withTenant'>
  audit: RecordAudit
  sealAccount: SealAccount
}) {
  return route({
    method: 'PUT',
    path: '/phones/:id/credentials',
    access: 'credentials:write',
    tag: 'phones',
    summary: "Replace a phone's Exotel credentials",
    description: 'They are sealed and never shown again. An open breaker closes.',
    params: idParams,
    body: exotelConfigSchema,
    replies: { 200: success({ phone: phoneSchema }).meta({ description: 'The changed phone' }) },
    handle: async ({ principal, params, body }) => {
      const { tenantId } = principal
      const phone = await deps.database.withTenant(tenantId, async (tx) => {
        const row = await findPhone(tx, params.id, { lock: true })
        const account = await deps.sealAccount(tx, {
          tenantId,
          phoneId: row.id,
          config: body,
          place: 'body',
        })
        await deps.audit(tx, {
          tenantId,
          actor: actorOf(principal),
          action: 'phone.credentials_replaced',
          target: { kind: 'phone', id: row.id },
          details: { sid: account.sid, subdomain: account.subdomain },
        })
        return viewPhone({ ...row, authFailures: 0, breakerOpenedAt: null }, account)
      })
      return ok(200, { phone })
    },
  })
}
