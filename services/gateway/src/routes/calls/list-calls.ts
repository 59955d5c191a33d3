import { callSchema, listCallsQuery, normalizePhoneNumber, page } from '@callwire/contracts'
import { calls, type Database } from '@callwire/db'
import { and, desc, eq, inArray, lt } from 'drizzle-orm'
import { z } from 'zod'
import { invalidField } from '../../http/api-error.ts'
import { decodeCursor, pageOf } from '../../http/cursor.ts'
import { ok } from '../../http/reply.ts'
import { route } from '../../http/route.ts'
import type { RecordAudit } from '../../record-audit.ts'
import { auditReveal } from './audit-reveal.ts'
import type { ViewCall } from './call-view.ts'
import { selectCalls } from './find-call.ts'
import type { PersonNumbers } from './person-number.ts'

export function listCalls(deps: {
  database: Pick<Database, 'withTenant'>
  audit: RecordAudit
  viewCall: ViewCall
  numbers: Pick<PersonNumbers, 'index'>
}) {
  return route({
    method: 'GET',
    path: '/calls',
    access: 'calls:read',
    tag: 'calls',
    summary: 'List calls, newest first',
    description:
      '`to` finds the other person in either direction; `reason` finds what waits or ended for it, such as `needs_review`.',
    query: listCallsQuery,
    replies: { 200: page({ calls: z.array(callSchema) }).meta({ description: 'One page' }) },
    handle: async ({ principal, query }) => {
      const { tenantId } = principal
      const before = query.cursor === undefined ? null : decodeCursor('call', query.cursor)
      const person =
        query.to === undefined ? null : deps.numbers.index(tenantId, wantedNumber(query.to))
      const data = await deps.database.withTenant(tenantId, async (tx) => {
        const found = await selectCalls(tx)
          .where(
            and(
              before === null ? undefined : lt(calls.id, before),
              query.sid === undefined ? undefined : eq(calls.sid, query.sid),
              query.status === undefined ? undefined : eq(calls.status, query.status),
              query.reason === undefined ? undefined : eq(calls.reasonCode, query.reason),
              query.phoneId === undefined ? undefined : eq(calls.phoneId, query.phoneId),
              person === null ? undefined : inArray(calls.personIndex, person),
            ),
          )
          .orderBy(desc(calls.id))
          .limit(query.limit + 1)
        const { rows, nextCursor } = pageOf(
          found.map((row) => ({ id: row.call.id, ...row })),
          query.limit,
        )
        await auditReveal(tx, { audit: deps.audit, principal, callIds: rows.map(({ id }) => id) })
        return { calls: rows.map((row) => deps.viewCall(row, principal)), nextCursor }
      })
      return ok(200, data)
    },
  })
}

/** A plus that was not percent-encoded arrives as a blank. */
function wantedNumber(text: string): string {
  const number = normalizePhoneNumber(text.replace(/^ (?=\d)/, '+'))
  if (number === null) throw invalidField('query.to', 'is not a phone number')
  return number
}
