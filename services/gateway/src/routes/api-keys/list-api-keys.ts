import { apiKeySchema, page, pageQuery } from '@callwire/contracts'
import { apiKeys, type Database } from '@callwire/db'
import { and, desc, isNull, lt } from 'drizzle-orm'
import { z } from 'zod'
import { decodeCursor, pageOf } from '../../http/cursor.ts'
import { ok } from '../../http/reply.ts'
import { route } from '../../http/route.ts'
import { apiKeyColumns, viewApiKey } from './api-key-view.ts'

export function listApiKeys(deps: { database: Pick<Database, 'withTenant'> }) {
  return route({
    method: 'GET',
    path: '/api-keys',
    access: 'keys:read',
    tag: 'api-keys',
    summary: 'List API keys that work, newest first',
    query: z.strictObject(pageQuery),
    replies: { 200: page({ apiKeys: z.array(apiKeySchema) }).meta({ description: 'One page' }) },
    handle: async ({ principal, query }) => {
      const before = query.cursor === undefined ? null : decodeCursor('apiKey', query.cursor)
      const found = await deps.database.withTenant(principal.tenantId, (tx) =>
        tx
          .select(apiKeyColumns)
          .from(apiKeys)
          .where(
            and(isNull(apiKeys.revokedAt), before === null ? undefined : lt(apiKeys.id, before)),
          )
          .orderBy(desc(apiKeys.id))
          .limit(query.limit + 1),
      )
      const { rows, nextCursor } = pageOf(found, query.limit)
      return ok(200, { apiKeys: rows.map(viewApiKey), nextCursor })
    },
  })
}
