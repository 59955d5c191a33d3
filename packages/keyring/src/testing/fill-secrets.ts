import {
  createDataKey,
  sealContent,
  sealCredential,
  type ContentRing,
  type SealRing,
} from '@callwire/crypto'
import { sealedPlaces } from '@callwire/db'
import type postgres from 'postgres'
import { personIndex, sealContexts } from '../contexts.ts'

/** An id of this kind that tells rows apart. */
export function idOf(prefix: string, n: number): string {
  return `${prefix}_${String(n).padStart(24, '0')}`
}

export function numberOf(n: number): string {
  return `+9198${String(n).padStart(8, '0')}`
}

type Rings = { sealRing: SealRing; contentRing: ContentRing; webhookSealRing: SealRing }

/** What `fillSecrets` makes for each number: rows to work on, and sealed texts in them. */
export const perNumber = { rows: sealedPlaces.length - 1, texts: sealedPlaces.length }

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
 * One row in every place that the dialer opens, for each number from `from` to before `to`, spread
 * over the tenants; the tenants are made. `sql` is a connection past every fence, its search path
 * `app`.
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
  await insert('recordings', (n) => {
    const [tenantId, recordingId] = [tenantOf(n), idOf('rec', n)]
    const { wrapped } = createDataKey(rings.contentRing, { tenantId, recordingId })
    return { id: recordingId, call_id: idOf('cal', n), wrapped }
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
  await insert('never_call', (n) => ({
    id: idOf('nvc', n),
    person_sealed: seal(sealContexts.neverCall(tenantOf(n), idOf('nvc', n)), numberOf(n)),
    person_masked: '+9198********',
    person_index: personIndex(rings.contentRing, tenantOf(n), numberOf(n))[0] ?? '',
    reason: 'asked',
    created_by: idOf('usr', 1),
  }))
}

/** One row in the place that the courier opens, for each number; `fillSecrets` has made the tenants. */
export async function fillWebhookSecrets(
  sql: postgres.Sql,
  rings: Pick<Rings, 'webhookSealRing'>,
  o: { from: number; to: number; tenants: number },
): Promise<void> {
  for (let n = o.from; n < o.to; n += 1) {
    const [tenantId, endpointId, id] = [idOf('ten', n % o.tenants), idOf('whe', n), idOf('whs', n)]
    const endpoint = { tenant_id: tenantId, id: endpointId, url: `https://example.com/${n}` }
    await sql`insert into webhook_endpoints ${sql({ ...endpoint, event_types: ['alert'] })}`
    const context = sealContexts.webhookSecret(tenantId, endpointId, id)
    const sealed = sealCredential(rings.webhookSealRing, context, `whsec of ${n}`)
    await sql`insert into webhook_secrets ${sql({ tenant_id: tenantId, id, endpoint_id: endpointId, sealed })}`
  }
}
