import { parseSealRing, sealCredential } from '@callwire/crypto'
import { sealContexts } from '@callwire/keyring'
import { asSuperuser } from '../search/postgres.ts'

/** An id of this kind, of a number: well-formed, and never one that the system makes. */
export const numberedId = (prefix: string, n: number) => `${prefix}_${String(n).padStart(24, '0')}`
export const secretOf = (n: number, field: 'apiKey' | 'apiToken') =>
  `${field}-of-phone-${String(n)}`

const BATCH = 500

/** Puts phones with sealed credentials into the database, past the API: the gateway would take a minute for them. */
export async function seedPhones(o: {
  databaseUrl: string
  tenantId: string
  sealKeys: string
  host: string
  count: number
}): Promise<void> {
  const ring = parseSealRing(o.sealKeys.trim())
  const seal = (n: number, field: 'apiKey' | 'apiToken') => {
    const place = { tenantId: o.tenantId, phoneId: numberedId('phn', n), host: o.host }
    const context = sealContexts.credential({ ...place, field, sid: 'seeded', version: 1 })
    return sealCredential(ring, context, secretOf(n, field))
  }
  await asSuperuser(o.databaseUrl, async (client) => {
    for (let from = 0; from < o.count; from += BATCH) {
      const numbers = Array.from({ length: Math.min(BATCH, o.count - from) }, (_, i) => from + i)
      const ids = numbers.map((n) => numberedId('phn', n))
      await client.query(
        `insert into app.phones (tenant_id, id, number, country)
         select $1, id, number, 'IN' from unnest($2::text[], $3::text[]) as t (id, number)`,
        [o.tenantId, ids, numbers.map((n) => `+9190${String(n).padStart(8, '0')}`)],
      )
      await client.query(
        `insert into app.phone_credentials
           (tenant_id, phone_id, sid, subdomain, enc_api_key, enc_api_token)
         select $1, id, 'seeded', $2, key, token
         from unnest($3::text[], $4::text[], $5::text[]) as t (id, key, token)`,
        [
          ...[o.tenantId, o.host, ids],
          ...(['apiKey', 'apiToken'] as const).map((field) => numbers.map((n) => seal(n, field))),
        ],
      )
    }
  })
}
