import { settingsSchema, success } from '@callwire/contracts'
import type { Database } from '@callwire/db'
import { ok } from '../../http/reply.ts'
import { route } from '../../http/route.ts'
import { readSettings } from './settings-row.ts'

export function getSettings(deps: { database: Pick<Database, 'withTenant'> }) {
  return route({
    method: 'GET',
    path: '/settings',
    access: 'settings:read',
    tag: 'settings',
    summary: "Show the tenant's settings",
    replies: { 200: success({ settings: settingsSchema }).meta({ description: 'The settings' }) },
    handle: async ({ principal }) => {
      const { tenantId } = principal
      const settings = await deps.database.withTenant(tenantId, (tx) => readSettings(tx, tenantId))
      return ok(200, { settings })
    },
  })
}
