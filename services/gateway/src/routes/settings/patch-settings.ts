import { patchSettingsBody, settingsSchema, success } from '@callwire/contracts'
import type { Database } from '@callwire/db'
import { ok } from '../../http/reply.ts'
import { route } from '../../http/route.ts'
import { actorOf, type RecordAudit } from '../../record-audit.ts'
import { readSettings, writeSettings } from './settings-row.ts'

export function patchSettings(deps: {
  database: Pick<Database, 'withTenant'>
  audit: RecordAudit
}) {
  return route({
    method: 'PATCH',
    path: '/settings',
    access: 'settings:write',
    tag: 'settings',
    summary: "Change the tenant's settings",
    body: patchSettingsBody,
    replies: {
      200: success({ settings: settingsSchema }).meta({ description: 'The changed settings' }),
    },
    handle: async ({ principal, body }) => {
      const { tenantId } = principal
      const { dialingPaused } = body
      const settings = await deps.database.withTenant(tenantId, async (tx) => {
        if (dialingPaused === undefined) return readSettings(tx, tenantId)
        const changed = await writeSettings(tx, tenantId, { dialingPaused })
        await deps.audit(tx, {
          tenantId,
          actor: actorOf(principal),
          action: 'settings.changed',
          details: { dialingPaused },
        })
        return changed
      })
      return ok(200, { settings })
    },
  })
}
