import type { SealContext } from '@callwire/crypto'
import { sealContexts } from '@callwire/keyring'
import { asSuperuser } from '../search/postgres.ts'

/** A sealed credential with everything that it is bound to, all of it from the database. */
export type SealedCredential = {
  phoneId: string
  field: 'apiKey' | 'apiToken'
  context: SealContext
  sealed: string
}

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
      phoneId: row.phoneId,
      field,
      context: sealContexts.credential({ ...row, field }),
      sealed: sealedFields[field],
    }))
  })
}
