import { auditEntrySchema, listAuditQuery, page } from '@callwire/contracts'
import { auditLog, type Database } from '@callwire/db'
import { and, desc, eq, lt } from 'drizzle-orm'
import { z } from 'zod'
import { decodeCursor, pageOf } from '../../http/cursor.ts'
import { ok } from '../../http/reply.ts'
import { route } from '../../http/route.ts'

export function listAudit(deps: { database: Pick<Database, 'withTenant'> }) {
  return route({
    method: 'GET',
    path: '/audit',
    access: 'audit:read',
    tag: 'audit',
    summary: 'Who did what, newest first',
    query: listAuditQuery,
    replies: {
      200: page({ entries: z.array(auditEntrySchema) }).meta({ description: 'One page' }),
    },
    handle: async ({ principal, query }) => {
      const before = query.cursor === undefined ? null : decodeCursor('audit', query.cursor)
      const found = await deps.database.withTenant(principal.tenantId, (tx) =>
        tx
          .select()
          .from(auditLog)
          .where(
            and(
              before === null ? undefined : lt(auditLog.id, before),
              query.action === undefined ? undefined : eq(auditLog.action, query.action),
            ),
          )
          .orderBy(desc(auditLog.id))
          .limit(query.limit + 1),
      )
      const { rows, nextCursor } = pageOf(found, query.limit)
      const entries = rows.map(({ tenantId: _tenantId, at, ...entry }) => ({
        ...entry,
        at: at.toISOString(),
      }))
      return ok(200, { entries, nextCursor })
    },
  })
}
