import { patchSettingsBody, settingsSchema, success } from '@callwire/contracts'
import type { Database } from '@callwire/db'
import { ok } from '../../http/reply.ts'
import { route } from '../../http/route.ts'
import { actorOf, type RecordAudit } from '../../record-audit.ts'
import { releaseCalls } from './release-calls.ts'
import { settingsAudit } from './settings-audit.ts'
import { lockRetention, readSettings, writeSettings } from './settings-row.ts'

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
    description:
      'What is left out stays as it is, also within `caps` and `retentionDays`; null takes a rule away. Calls that wait because of a rule that changes are looked at again at once. A shorter life holds for what is stored already: what is older is erased within about an hour, for good.',
    body: patchSettingsBody,
    replies: {
      200: success({ settings: settingsSchema }).meta({ description: 'The changed settings' }),
    },
    handle: async ({ principal, body }) => {
      const { tenantId } = principal
      const settings = await deps.database.withTenant(tenantId, async (tx) => {
        const details = settingsAudit(body, await lockRetention(tx, tenantId))
        if (Object.keys(details).length > 0) {
          await writeSettings(tx, tenantId, body)
          await releaseCalls(tx, body)
          await deps.audit(tx, {
            tenantId,
            actor: actorOf(principal),
            action: 'settings.changed',
            details,
          })
        }
        return readSettings(tx, tenantId)
      })
      return ok(200, { settings })
    },
  })
}
