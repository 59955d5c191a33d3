import {
  createDataKey,
  sealContent,
  sealCredential,
  type ContentRing,
  type SealRing,
} from '@callwire/crypto'
import type postgres from 'postgres'
import { personIndex, sealContexts } from '../contexts.ts'

/** An id of this kind that tells rows apart. */
export function idOf(prefix: string, n: number): string {
  return `${prefix}_${String(n).padStart(24, '0')}`
}

export function numberOf(n: number): string {
  return `+9198${String(n).padStart(8, '0')}`
}

type Rings = { sealRing: SealRing; contentRing: ContentRing }

/** The two seals of a phone's account, as the gateway makes them. */
export function sealAccount(
  ring: SealRing,
  tenantId: string,
  phoneId: string,
  o: { secret: string; version: number },
) {
  const seal = (field: 'apiKey' | 'apiToken') => {
    const place = { tenantId, phoneId, field, host: 'api.exotel.com', sid: 'acme1' } as const
    const context = sealContexts.credential({ ...place, version: o.version })
    return sealCredential(ring, context, `${field} ${o.secret}`)
  }
  return { enc_api_key: seal('apiKey'), enc_api_token: seal('apiToken') }
}

/**
 * One row in every place, for each number from `from` to before `to`, spread over the tenants; the
 * tenants are made. `sql` is a connection past every fence, its search path `app`.
 */
export async function fillSecrets(
  sql: postgres.Sql,
  rings: Rings,
  o: { from: number; to: number; tenants: number },
): Promise<void> {
  const numbers = Array.from({ length: o.to - o.from }, (_, n) => o.from + n)
  const tenantOf = (n: number) => idOf('ten', n % o.tenants)
  const tenants = [...new Set(numbers.map(tenantOf))]
  await sql`insert into tenants ${sql(tenants.map((id) => ({ tenant_id: id, name: id })))}
    on conflict do nothing`
  const insert = async (table: string, row: (n: number) => Record<string, unknown>) => {
    for (let at = 0; at < numbers.length; at += 500) {
      const rows = numbers.slice(at, at + 500).map((n) => ({ tenant_id: tenantOf(n), ...row(n) }))
      await sql`insert into ${sql(table)} ${sql(rows)}`
    }
  }
  const seal = (context: Parameters<typeof sealContent>[1], text: string) =>
    sealContent(rings.contentRing, context, text)

  await insert('phones', (n) => ({ id: idOf('phn', n), number: numberOf(n), country: 'IN' }))
  await insert('phone_credentials', (n) => ({
    phone_id: idOf('phn', n),
    sid: 'acme1',
    subdomain: 'api.exotel.com',
    version: 1,
    ...sealAccount(rings.sealRing, tenantOf(n), idOf('phn', n), { secret: `of ${n}`, version: 1 }),
  }))
  await insert('calls', (n) => {
    const [tenant, call] = [tenantOf(n), idOf('cal', n)]
    return {
      id: call,
      phone_id: idOf('phn', n),
      direction: 'outbound',
      status: 'completed',
      ended_at: new Date(),
      person_sealed: seal(sealContexts.person(tenant, call), numberOf(n)),
      person_masked: '+9198********',
      person_index: personIndex(rings.contentRing, tenant, numberOf(n))[0] ?? '',
      metadata_sealed: seal(sealContexts.metadata(tenant, call), `{"n":"${n}"}`),
      recording_url_sealed: seal(sealContexts.recordingUrl(tenant, call), `https://r/${n}`),
    }
  })
  await insert('call_keys', (n) => {
    const [tenantId, callId] = [tenantOf(n), idOf('cal', n)]
    const { wrapped } = createDataKey(rings.contentRing, { tenantId, callId })
    return { call_id: callId, wrapped }
  })
  await insert('callback_inbox', (n) => ({
    id: idOf('cbk', n),
    call_id: idOf('cal', n),
    body_sealed: seal(sealContexts.callbackBody(tenantOf(n), idOf('cbk', n)), `body ${n}`),
  }))
  await insert('idempotency_keys', (n) => ({
    route: 'POST /calls',
    key: `key ${n}`,
    fingerprint: seal(sealContexts.fingerprint(tenantOf(n), idOf('cal', n)), `print ${n}`),
    call_id: idOf('cal', n),
    status: 202,
  }))
}
