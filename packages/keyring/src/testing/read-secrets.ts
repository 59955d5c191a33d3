import {
  createStreamKey,
  openContent,
  openCredential,
  openDataKey,
  sealBlock,
  sealedKeyId,
  type ContentRing,
  type DataKey,
  type OpenRing,
  type SealContext,
} from '@callwire/crypto'
import type postgres from 'postgres'
import { sealContexts } from '../contexts.ts'

type Opened = { plaintexts: Map<string, string>; kids: Map<string, number>; indexes: Set<string> }

/** Everything sealed, opened, by table and row; and how many texts each key sealed. */
export async function readSecrets(
  sql: postgres.Sql,
  rings: { credentialRing: OpenRing; contentRing: ContentRing; webhookRing: OpenRing },
): Promise<Opened> {
  const opened: Opened = { plaintexts: new Map(), kids: new Map(), indexes: new Set() }
  const keep = (name: string, sealed: string, open: () => string) => {
    const kid = sealedKeyId(sealed) ?? ''
    opened.kids.set(kid, (opened.kids.get(kid) ?? 0) + 1)
    opened.plaintexts.set(name, open())
  }
  const content = (name: string, context: SealContext, sealed: string) => {
    keep(name, sealed, () => openContent(rings.contentRing, context, sealed).toString())
  }

  for (const row of await sql<Record<string, string>[]>`select * from phone_credentials`) {
    const [tenantId, phoneId] = [row['tenant_id'] ?? '', row['phone_id'] ?? '']
    const place = { tenantId, phoneId, host: row['subdomain'] ?? '', sid: row['sid'] ?? '' }
    for (const [field, column] of [
      ['apiKey', 'enc_api_key'],
      ['apiToken', 'enc_api_token'],
    ] as const) {
      const context = sealContexts.credential({ ...place, field, version: Number(row['version']) })
      const sealed = row[column] ?? ''
      keep(`${phoneId} ${field}`, sealed, () =>
        openCredential(rings.credentialRing, context, sealed),
      )
    }
  }
  for (const row of await sql<Record<string, string>[]>`select * from calls`) {
    const [tenant, call] = [row['tenant_id'] ?? '', row['id'] ?? '']
    content(`${call} person`, sealContexts.person(tenant, call), row['person_sealed'] ?? '')
    content(`${call} metadata`, sealContexts.metadata(tenant, call), row['metadata_sealed'] ?? '')
    const recording = sealContexts.recordingUrl(tenant, call)
    content(`${call} recording`, recording, row['recording_url_sealed'] ?? '')
    opened.indexes.add(row['person_index']?.split('.')[0] ?? '')
  }
  for (const row of await sql<Record<string, string>[]>`select * from call_keys`) {
    const [tenantId, callId] = [row['tenant_id'] ?? '', row['call_id'] ?? '']
    const wrapped = row['wrapped'] ?? ''
    keep(`${callId} key`, wrapped, () =>
      fingerprintOf(openDataKey(rings.contentRing, { tenantId, callId }, wrapped), callId),
    )
  }
  for (const row of await sql<Record<string, string>[]>`select * from recordings`) {
    const [tenantId, recordingId] = [row['tenant_id'] ?? '', row['id'] ?? '']
    const wrapped = row['wrapped'] ?? ''
    keep(`${recordingId} key`, wrapped, () =>
      fingerprintOf(
        openDataKey(rings.contentRing, { tenantId, recordingId }, wrapped),
        recordingId,
      ),
    )
  }
  for (const row of await sql<Record<string, string>[]>`select * from callback_inbox`) {
    const [tenant, id] = [row['tenant_id'] ?? '', row['id'] ?? '']
    content(`${id} body`, sealContexts.callbackBody(tenant, id), row['body_sealed'] ?? '')
  }
  for (const row of await sql<Record<string, string>[]>`select * from idempotency_keys`) {
    const [tenant, call] = [row['tenant_id'] ?? '', row['call_id'] ?? '']
    content(`${call} print`, sealContexts.fingerprint(tenant, call), row['fingerprint'] ?? '')
  }
  for (const row of await sql<Record<string, string>[]>`select * from never_call`) {
    const [tenant, id] = [row['tenant_id'] ?? '', row['id'] ?? '']
    content(`${id} person`, sealContexts.neverCall(tenant, id), row['person_sealed'] ?? '')
    opened.indexes.add(row['person_index']?.split('.')[0] ?? '')
  }
  for (const row of await sql<Record<string, string>[]>`select * from webhook_secrets`) {
    const [tenant, id, endpoint] = [row['tenant_id'] ?? '', row['id'] ?? '', row['endpoint_id']]
    const context = sealContexts.webhookSecret(tenant, endpoint ?? '', id)
    const sealed = row['sealed'] ?? ''
    keep(`${id} secret`, sealed, () => openCredential(rings.webhookRing, context, sealed))
  }
  return opened
}

/** The same for the same data key: a first block of a stream, whose salt is given. */
function fingerprintOf(dataKey: DataKey, streamId: string): string {
  const streamKey = createStreamKey(dataKey, { streamId, salt: Buffer.alloc(16) })
  const place = { index: 0, header: Buffer.alloc(0) }
  return sealBlock(streamKey, place, Buffer.alloc(16)).toString('hex')
}
