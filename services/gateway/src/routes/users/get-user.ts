import { success, userSchema } from '@callwire/contracts'
import type { Database } from '@callwire/db'
import { ok } from '../../http/reply.ts'
import { idParams, route } from '../../http/route.ts'
import { findUser } from './find-user.ts'
import { viewUser } from './user-view.ts'

export function getUser(deps: { database: Pick<Database, 'withTenant'> }) {
  return route({
    method: 'GET',
    path: '/users/:id',
    access: 'users:read',
    tag: 'users',
    summary: 'Show a person',
    params: idParams,
    replies: { 200: success({ user: userSchema }).meta({ description: 'The user' }) },
    handle: async ({ principal, params }) => {
      const row = await deps.database.withTenant(principal.tenantId, (tx) =>
        findUser(tx, params.id),
      )
      return ok(200, { user: viewUser(row) })
    },
  })
}
