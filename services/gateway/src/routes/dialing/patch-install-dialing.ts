import { installDialingSchema, patchInstallDialingBody, success } from '@callwire/contracts'
import { install, type Database } from '@callwire/db'
import { sql } from 'drizzle-orm'
import { first, ok } from '../../http/reply.ts'
import { route } from '../../http/route.ts'
import { actorOf, type RecordAudit } from '../../record-audit.ts'
import { viewInstallDialing } from './install-row.ts'
import { requireOperator } from './require-operator.ts'

export function patchInstallDialing(deps: {
  database: Pick<Database, 'withTenant'>
  audit: RecordAudit
}) {
  return route({
    method: 'PATCH',
    path: '/install/dialing',
    access: 'install:write',
    tag: 'dialing',
    summary: 'Stop or go on dialing for every tenant at once',
    description:
      'Every tenant is told, with the reason given. What each paused for itself stays paused. For the tenant that operates the install.',
    body: patchInstallDialingBody,
    replies: {
      200: success({ dialing: installDialingSchema }).meta({ description: 'The changed switch' }),
    },
    handle: async ({ principal, body: { paused, reason } }) => {
      const { tenantId } = principal
      const dialing = await deps.database.withTenant(tenantId, async (tx) => {
        await requireOperator(tx, tenantId)
        const values = {
          dialingPaused: paused,
          pausedReason: paused ? (reason ?? null) : null,
          changedAt: sql`now()`,
        }
        const row = first(
          await tx
            .insert(install)
            .values(values)
            .onConflictDoUpdate({ target: install.id, set: values })
            .returning(),
        )
        await deps.audit(tx, {
          tenantId,
          actor: actorOf(principal),
          action: paused ? 'install.dialing_paused' : 'install.dialing_resumed',
          ...(reason === undefined ? {} : { details: { reason } }),
        })
        return viewInstallDialing(row)
      })
      return ok(200, { dialing })
    },
  })
}
