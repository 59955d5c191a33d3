import { callEventSchema, listEventsQuery, success } from '@callwire/contracts'
import type { Database } from '@callwire/db'
import type { Ledger } from '@callwire/ledger'
import { z } from 'zod'
import { ok } from '../../http/reply.ts'
import { idParams, route } from '../../http/route.ts'
import { requireCall } from './find-call.ts'

export function listEvents(deps: {
  database: Pick<Database, 'withTenant'>
  ledger: Pick<Ledger, 'read'>
}) {
  return route({
    method: 'GET',
    path: '/calls/:id/events',
    access: 'transcripts:read',
    tag: 'calls',
    summary: "A call's ledger: events after a seq, in order",
    params: idParams,
    query: listEventsQuery,
    replies: {
      200: success({ events: z.array(callEventSchema) }).meta({ description: 'Events' }),
    },
    handle: async ({ principal, params: { id }, query }) => {
      const { tenantId } = principal
      await deps.database.withTenant(tenantId, (tx) => requireCall(tx, id))
      const events = await deps.ledger.read(tenantId, id, query)
      return ok(200, { events })
    },
  })
}
