import { page, pageQuery, userSchema } from '@callwire/contracts'
import { users, type Database } from '@callwire/db'
import { desc, lt } from 'drizzle-orm'
import { z } from 'zod'
import { decodeCursor, pageOf } from '../../http/cursor.ts'
import { ok } from '../../http/reply.ts'
import { route } from '../../http/route.ts'
import { userColumns, viewUser } from './user-view.ts'

export function listUsers(deps: { database: Pick<Database, 'withTenant'> }) {
  return route({
    method: 'GET',
    path: '/users',
    access: 'users:read',
    tag: 'users',
    summary: 'List people, newest first',
    query: z.strictObject(pageQuery),
    replies: { 200: page({ users: z.array(userSchema) }).meta({ description: 'One page' }) },
    handle: async ({ principal, query }) => {
      const before = query.cursor === undefined ? null : decodeCursor('user', query.cursor)
      const found = await deps.database.withTenant(principal.tenantId, (tx) =>
        tx
          .select(userColumns)
          .from(users)
          .where(before === null ? undefined : lt(users.id, before))
          .orderBy(desc(users.id))
          .limit(query.limit + 1),
      )
      const { rows, nextCursor } = pageOf(found, query.limit)
      return ok(200, { users: rows.map(viewUser), nextCursor })
    },
  })
}
