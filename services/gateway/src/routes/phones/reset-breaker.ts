import { phoneSchema, success } from '@callwire/contracts'
import { phones, type Database } from '@callwire/db'
import { eq } from 'drizzle-orm'
import { first, ok } from '../../http/reply.ts'
import { idParams, route } from '../../http/route.ts'
import { actorOf, type RecordAudit } from '../../record-audit.ts'
import { findAccount, findPhone } from './find-phone.ts'
import { viewPhone } from './phone-view.ts'

export function resetBreaker(deps: { database: Pick<Database, 'withTenant'>; audit: RecordAudit }) {
  return route({
    method: 'POST',
    path: '/phones/:id/breaker/reset',
    access: 'phones:write',
    tag: 'phones',
    summary: "Close a phone's breaker",
    description:
      'It opens after Exotel refused the credentials twice in a row; calls then fail without a request.',
    params: idParams,
    replies: { 200: success({ phone: phoneSchema }).meta({ description: 'The changed phone' }) },
    handle: async ({ principal, params }) => {
      const { tenantId } = principal
      const phone = await deps.database.withTenant(tenantId, async (tx) => {
        const { id } = await findPhone(tx, params.id, { lock: true })
        const changed = first(
          await tx
            .update(phones)
            .set({ authFailures: 0, breakerOpenedAt: null })
            .where(eq(phones.id, id))
            .returning(),
        )
        await deps.audit(tx, {
          tenantId,
          actor: actorOf(principal),
          action: 'phone.breaker_reset',
          target: { kind: 'phone', id },
        })
        return viewPhone(changed, await findAccount(tx, id))
      })
      return ok(200, { phone })
    },
  })
}
