import { dialingSchema, success } from '@callwire/contracts'
import type { Database } from '@callwire/db'
import { ok } from '../../http/reply.ts'
import { route } from '../../http/route.ts'
import { actorOf, type RecordAudit } from '../../record-audit.ts'
import { writeSettings } from '../settings/settings-row.ts'
import { readDialing } from './read-dialing.ts'

type Deps = { database: Pick<Database, 'withTenant'>; audit: RecordAudit }

/** `POST /dialing/pause`. */
export function pauseDialing(deps: Deps) {
  return switchDialing(deps, {
    path: '/dialing/pause',
    summary: "Stop dialing the tenant's calls",
    description:
      'Calls are taken as before and stay queued; the event of each says that it is paused. A call whose request is under way is placed.',
    dialingPaused: true,
  })
}

/** `POST /dialing/resume`. */
export function resumeDialing(deps: Deps) {
  return switchDialing(deps, {
    path: '/dialing/resume',
    summary: "Go on dialing the tenant's calls",
    description: 'Calls go on within seconds, unless the operator has paused everybody.',
    dialingPaused: false,
  })
}

/** The same switch as `dialingPaused` of the settings, at hand. */
function switchDialing(
  deps: Deps,
  o: { path: string; summary: string; description: string; dialingPaused: boolean },
) {
  const { dialingPaused, ...words } = o
  return route({
    method: 'POST',
    ...words,
    access: 'settings:write',
    tag: 'dialing',
    replies: { 200: success({ dialing: dialingSchema }).meta({ description: 'How it stands' }) },
    handle: async ({ principal }) => {
      const { tenantId } = principal
      const dialing = await deps.database.withTenant(tenantId, async (tx) => {
        await writeSettings(tx, tenantId, { dialingPaused })
        await deps.audit(tx, {
          tenantId,
          actor: actorOf(principal),
          action: 'settings.changed',
          details: { dialingPaused },
        })
        return readDialing(tx, tenantId)
      })
      return ok(200, { dialing })
    },
  })
}
