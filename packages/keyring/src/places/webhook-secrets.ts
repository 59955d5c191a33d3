import { openCredential, resealCredential, sealedKeyId } from '@callwire/crypto'
import { webhookSecrets } from '@callwire/db'
import { and, eq, inArray } from 'drizzle-orm'
import { sealContexts } from '../contexts.ts'
import { heldFor, type Place } from './place.ts'
import { replaceRows } from './replace-rows.ts'

/** What tenants' webhooks are signed with. The courier alone opens it. */
export const webhookSecretsPlace: Place = {
  place: 'webhook_secrets',
  ring: 'webhookRing',
  table: 'webhook_secrets',
  columns: ['sealed'],
  load: async (tx, tenantId, ids) => {
    const rows = await tx
      .select({
        id: webhookSecrets.id,
        endpointId: webhookSecrets.endpointId,
        sealed: webhookSecrets.sealed,
      })
      .from(webhookSecrets)
      .where(and(eq(webhookSecrets.tenantId, tenantId), inArray(webhookSecrets.id, [...ids])))
    return rows.map(({ id, endpointId, sealed }) => {
      const context = sealContexts.webhookSecret(tenantId, endpointId, id)
      return {
        id,
        kid: sealedKeyId(sealed),
        check: (rings) => {
          openCredential(heldFor(rings, 'webhookRing'), context, sealed)
        },
        reseal: (rings) => ({
          id,
          was: [sealed],
          becomes: [resealCredential(heldFor(rings, 'webhookRing'), context, sealed)],
        }),
      }
    })
  },
  write: (tx, tenantId, rows) =>
    replaceRows(tx, {
      table: webhookSecrets,
      tenantId,
      id: webhookSecrets.id,
      compared: [webhookSecrets.sealed],
      set: [webhookSecrets.sealed],
      rows,
    }),
}
