import { mintApiKey } from '@callwire/accounts'
import { createApiKeyBody, createdApiKeySchema, success } from '@callwire/contracts'
import { apiKeys, type Database } from '@callwire/db'
import type { Random } from '@callwire/runtime'
import { ApiError } from '../../http/api-error.ts'
import { first, ok } from '../../http/reply.ts'
import { route } from '../../http/route.ts'
import type { NewId } from '../../new-id.ts'
import { actorOf, type RecordAudit } from '../../record-audit.ts'
import { holdsAll } from '../users/may-grant.ts'
import { apiKeyColumns, viewApiKey } from './api-key-view.ts'

export function createApiKey(deps: {
  database: Pick<Database, 'withTenant'>
  newId: NewId
  random: Random
  audit: RecordAudit
}) {
  return route({
    method: 'POST',
    path: '/api-keys',
    access: 'keys:write',
    tag: 'api-keys',
    summary: 'Make an API key',
    description: '`secret` is shown this once. A key can do no more than whoever makes it.',
    body: createApiKeyBody,
    replies: {
      201: success({ apiKey: createdApiKeySchema }).meta({ description: 'The new key' }),
    },
    handle: async ({ principal, body }) => {
      const { tenantId } = principal
      if (!holdsAll(principal, body.scopes)) {
        throw new ApiError('forbidden', 'You may not give scopes that you do not have.')
      }
      const { secret, hash, hint } = mintApiKey(deps.random)
      const scopes = [...new Set(body.scopes)]
      const id = deps.newId('apiKey')
      const row = await deps.database.withTenant(tenantId, async (tx) => {
        const inserted = first(
          await tx
            .insert(apiKeys)
            .values({ tenantId, id, name: body.name, keyHash: hash, hint, scopes })
            .returning(apiKeyColumns),
        )
        await deps.audit(tx, {
          tenantId,
          actor: actorOf(principal),
          action: 'api_key.created',
          target: { kind: 'api_key', id },
          details: { scopes: scopes.join(',') },
        })
        return inserted
      })
      return ok(201, { apiKey: { ...viewApiKey(row), secret } })
    },
  })
}
