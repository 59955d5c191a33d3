import { listNeverCallQuery, neverCallSchema, page } from '@callwire/contracts'
import { neverCall, type Database } from '@callwire/db'
import { and, desc, gt, inArray, isNull, lt, or, sql } from 'drizzle-orm'
import { z } from 'zod'
import { decodeCursor, pageOf } from '../../http/cursor.ts'
import { ok } from '../../http/reply.ts'
import { route } from '../../http/route.ts'
import type { RecordAudit } from '../../record-audit.ts'
import { writtenNumber, type ListedNumbers } from './listed-number.ts'
import { auditListed, viewNeverCall } from './never-call-view.ts'

export function listNeverCall(deps: {
  database: Pick<Database, 'withTenant'>
  audit: RecordAudit
  listed: ListedNumbers
}) {
  return route({
    method: 'GET',
    path: '/never-call',
    access: 'never_call:read',
    tag: 'never-call',
    summary: 'List the numbers that are never called, newest first',
    description:
      '`number` finds one. What has expired is not shown. Numbers are masked unless the caller has `pii:read`, which leaves a row in the audit.',
    query: listNeverCallQuery,
    replies: {
      200: page({ neverCall: z.array(neverCallSchema) }).meta({ description: 'One page' }),
    },
    handle: async ({ principal, query }) => {
      const { tenantId } = principal
      const before = query.cursor === undefined ? null : decodeCursor('neverCall', query.cursor)
      const index =
        query.number === undefined
          ? null
          : deps.listed.index(tenantId, writtenNumber('query.number', query.number, query.country))
      const data = await deps.database.withTenant(tenantId, async (tx) => {
        const found = await tx
          .select()
          .from(neverCall)
          .where(
            and(
              or(isNull(neverCall.expiresAt), gt(neverCall.expiresAt, sql`now()`)),
              before === null ? undefined : lt(neverCall.id, before),
              index === null ? undefined : inArray(neverCall.personIndex, index),
            ),
          )
          .orderBy(desc(neverCall.id))
          .limit(query.limit + 1)
        const { rows, nextCursor } = pageOf(found, query.limit)
        await auditListed(tx, { audit: deps.audit, principal, ids: rows.map(({ id }) => id) })
        return {
          neverCall: rows.map((row) => viewNeverCall(row, principal, deps.listed)),
          nextCursor,
        }
      })
      return ok(200, data)
    },
  })
}
