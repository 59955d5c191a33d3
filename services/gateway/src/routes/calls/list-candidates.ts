import { callCandidateSchema, success } from '@callwire/contracts'
import { calls, type Database } from '@callwire/db'
import { eq } from 'drizzle-orm'
import { z } from 'zod'
import { notFound } from '../../http/api-error.ts'
import { ok } from '../../http/reply.ts'
import { idParams, route } from '../../http/route.ts'
import { checkCallId } from './find-call.ts'

export function listCandidates(deps: { database: Pick<Database, 'withTenant'> }) {
  return route({
    method: 'GET',
    path: '/calls/:id/candidates',
    access: 'calls:reconcile',
    tag: 'calls',
    summary: "Show which of Exotel's calls a parked call may be",
    description:
      'As Exotel listed them when the call was parked; empty for a call that is not parked, and for one that was because Exotel could not be asked.',
    params: idParams,
    replies: {
      200: success({ candidates: z.array(callCandidateSchema) }).meta({
        description: 'The candidates',
      }),
    },
    handle: async ({ principal, params: { id } }) => {
      checkCallId(id)
      const [row] = await deps.database.withTenant(principal.tenantId, (tx) =>
        tx.select({ candidates: calls.candidates }).from(calls).where(eq(calls.id, id)),
      )
      if (row === undefined) throw notFound('call')
      return ok(200, { candidates: row.candidates ?? [] })
    },
  })
}
