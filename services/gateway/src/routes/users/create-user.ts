import { hashPassword, mintPassword } from '@callwire/accounts'
import { createdUserSchema, createUserBody, success } from '@callwire/contracts'
import { isUniqueViolation, users, type Database } from '@callwire/db'
import type { Random } from '@callwire/runtime'
import { ApiError } from '../../http/api-error.ts'
import { first, ok } from '../../http/reply.ts'
import { route } from '../../http/route.ts'
import type { NewId } from '../../new-id.ts'
import { actorOf, type RecordAudit } from '../../record-audit.ts'
import { mayGrant } from './may-grant.ts'
import { userColumns, viewUser } from './user-view.ts'

export function createUser(deps: {
  database: Pick<Database, 'withTenant'>
  newId: NewId
  random: Random
  audit: RecordAudit
}) {
  return route({
    method: 'POST',
    path: '/users',
    access: 'users:write',
    tag: 'users',
    summary: 'Add a person',
    description:
      'Answers with a one-time password, shown this once; it must be changed at first sign-in. E-mails are unique across the install.',
    body: createUserBody,
    replies: {
      201: success({ user: createdUserSchema }).meta({ description: 'The new user' }),
    },
    handle: async ({ principal, body }) => {
      const { tenantId } = principal
      if (!mayGrant(principal, body.role)) {
        throw new ApiError('forbidden', 'You may not give this role.')
      }
      const id = deps.newId('user')
      const password = mintPassword(deps.random)
      const passwordHash = await hashPassword(password)
      try {
        const row = await deps.database.withTenant(tenantId, async (tx) => {
          const inserted = first(
            await tx
              .insert(users)
              .values({
                tenantId,
                id,
                email: body.email,
                passwordHash,
                role: body.role,
                mustChangePassword: true,
              })
              .returning(userColumns),
          )
          await deps.audit(tx, {
            tenantId,
            actor: actorOf(principal),
            action: 'user.created',
            target: { kind: 'user', id },
            details: { role: body.role },
          })
          return inserted
        })
        return ok(201, { user: { ...viewUser(row), password } })
      } catch (error) {
        if (isUniqueViolation(error)) {
          throw new ApiError('conflict', 'This e-mail address is taken.')
        }
        throw error
      }
    },
  })
}
