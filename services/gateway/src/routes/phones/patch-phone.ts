import { patchPhoneBody, phoneSchema, success } from '@callwire/contracts'
import { phones, type Database } from '@callwire/db'
import { eq } from 'drizzle-orm'
import { first, ok } from '../../http/reply.ts'
import { idParams, route } from '../../http/route.ts'
import { actorOf, type RecordAudit } from '../../record-audit.ts'
import { findAgent } from '../agents/find-agent.ts'
import { findAccount, findPhone } from './find-phone.ts'
import { viewPhone } from './phone-view.ts'

export function patchPhone(deps: { database: Pick<Database, 'withTenant'>; audit: RecordAudit }) {
  return route({
    method: 'PATCH',
    path: '/phones/:id',
    access: 'phones:write',
    tag: 'phones',
    summary: 'Change a phone: its tags, its agent, whether its audio is kept',
    params: idParams,
    body: patchPhoneBody,
    replies: { 200: success({ phone: phoneSchema }).meta({ description: 'The changed phone' }) },
    handle: async ({ principal, params, body }) => {
      const { tenantId } = principal
      const phone = await deps.database.withTenant(tenantId, async (tx) => {
        const row = await findPhone(tx, params.id, { lock: true })
        if (typeof body.agentId === 'string') await findAgent(tx, body.agentId, { lock: true })
        const changes = {
          ...(body.tags === undefined ? {} : { tags: body.tags }),
          ...(body.agentId === undefined ? {} : { agentId: body.agentId }),
          ...(body.keepRecording === undefined ? {} : { keepRecording: body.keepRecording }),
        }
        const account = await findAccount(tx, row.id)
        if (Object.keys(changes).length === 0) return viewPhone(row, account)
        const changed = first(
          await tx.update(phones).set(changes).where(eq(phones.id, row.id)).returning(),
        )
        await deps.audit(tx, {
          tenantId,
          actor: actorOf(principal),
          action: 'phone.changed',
          target: { kind: 'phone', id: row.id },
          details: { fields: Object.keys(changes).join(',') },
        })
        return viewPhone(changed, account)
      })
      return ok(200, { phone })
    },
  })
}
