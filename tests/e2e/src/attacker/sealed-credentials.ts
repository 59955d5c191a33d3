import type { SealContext } from '@callwire/crypto'
import { sealContexts } from '@callwire/keyring'
import { asSuperuser } from '../search/postgres.ts'

/** A sealed secret with everything that it is bound to, all of it from the database. */
export type SealedSecret = {
  /** The row that it stands in, and as what. */
  name: string
  context: SealContext
  sealed: string
}

/** A credential of a phone. */
export type SealedCredential = SealedSecret & { phoneId: string; field: 'apiKey' | 'apiToken' }

type Row = Record<'tenantId' | 'phoneId' | 'host' | 'sid' | 'apiKey' | 'apiToken', string> & {
  version: number
}

/** Every credential that a dump of the database holds. */
export async function sealedCredentials(databaseUrl: string): Promise<SealedCredential[]> {
  const rows = await asSuperuser(databaseUrl, async (client) => {
    const result = await client.query<Row>(
      `select tenant_id as "tenantId", phone_id as "phoneId", subdomain as host, sid, version,
              enc_api_key as "apiKey", enc_api_token as "apiToken"
       from app.phone_credentials order by phone_id`,
    )
    return result.rows
  })
  return rows.flatMap(({ apiKey, apiToken, ...row }) => {
    const sealedFields = { apiKey, apiToken }
    return (['apiKey', 'apiToken'] as const).map((field) => ({
      name: `${row.phoneId} ${field}`,
      phoneId: row.phoneId,
      field,
      context: sealContexts.credential({ ...row, field }),
      sealed: sealedFields[field],
    }))
  })
}

/** Every secret that webhooks are signed with. */
export async function sealedWebhookSecrets(databaseUrl: string): Promise<SealedSecret[]> {
  const rows = await asSuperuser(databaseUrl, async (client) => {
    const result = await client.query<Record<'tenantId' | 'endpointId' | 'id' | 'sealed', string>>(
      `select tenant_id as "tenantId", endpoint_id as "endpointId", id, sealed
       from app.webhook_secrets order by id`,
    )
    return result.rows
  })
  return rows.map(({ tenantId, endpointId, id, sealed }) => ({
    name: id,
    context: sealContexts.webhookSecret(tenantId, endpointId, id),
    sealed,
  }))
}
