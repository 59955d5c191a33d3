import type { Client } from './client.ts'

/** A row of one tenant, found without knowing the tenant. */
export type Found = { tenantId: string; id: string }
export type FoundCall = { tenantId: string; callId: string }
/** One call's place in what an endpoint was told. */
export type FoundCursor = FoundCall & { endpointId: string }
export type FoundPhone = { tenantId: string; phoneId: string }

/**
 * The look across tenants (sql/finder.sql): ids and tenant, nothing else. Each login may ask only
 * what its service needs; the rest is DbError `permission`. Hashes are SHA-256 in lower-case hex,
 * limits are numbers of rows, ages are ms by the database's clock.
 */
export type Finder = {
  /** A key that is not revoked. */
  apiKeyByHash(hash: string): Promise<Found | null>
  /** Compares without regard to case. */
  userByEmail(email: string): Promise<Found | null>
  /** The session whose refresh tokens share this family part, revoked or not. */
  refreshTokenByHash(familyHash: string): Promise<Found | null>
  callById(callId: string): Promise<{ tenantId: string } | null>
  /** Null as well when calls of two tenants carry the sid. */
  callBySid(sid: string): Promise<FoundCall | null>
  /** A token neither burnt nor expired. */
  streamTokenByHash(hash: string): Promise<Found | null>
  phoneByIngestKey(key: string): Promise<FoundPhone | null>
  phoneByTokenHash(hash: string): Promise<FoundPhone | null>
  phoneById(phoneId: string): Promise<{ tenantId: string } | null>
  /** Queued and due now: every tenant's first before any tenant's second. */
  dueCalls(limit: number): Promise<(FoundCall & { attempt: number })[]>
  /** `dialing` for so long, without a sid. */
  staleDialing(olderThanMs: number, limit: number): Promise<FoundCall[]>
  /**
   * `unknown`, without a sid, not parked for a person, and due for a look: `firstMs` after it became
   * unknown, then after as long as was waited before, at most `longestMs`.
   */
  unknownCalls(firstMs: number, longestMs: number, limit: number): Promise<FoundCall[]>
  /** How many calls are parked for a person, over all tenants. */
  parkedCalls(): Promise<number>
  /**
   * Outbound, placed, not ended, and due for a question: `firstMs` after its last step without any
   * news, then after as long as was waited before, at most `longestMs`.
   */
  unpolledCalls(firstMs: number, longestMs: number, limit: number): Promise<FoundCall[]>
  unappliedCallbacks(olderThanMs: number, limit: number): Promise<FoundCall[]>
  /** Open media streams without a heartbeat for so long. */
  staleStreams(olderThanMs: number, limit: number): Promise<(FoundCall & { streamId: string })[]>
  pendingTranscriptions(limit: number): Promise<FoundCall[]>
  /** Checks of credentials that were asked for so long ago, oldest first. */
  oldPhoneChecks(olderThanMs: number, limit: number): Promise<Found[]>
  /** Tokens of media sockets that expired so long ago, oldest first. */
  oldStreamTokens(olderThanMs: number, limit: number): Promise<Found[]>
  /** Ended more than a second ago, and the last fact is not a receipt. */
  unreceiptedCalls(limit: number): Promise<FoundCall[]>
  /** Queued for longer past their time than their tenant lets them wait. */
  expiredCalls(limit: number): Promise<FoundCall[]>
  /** Going on for `marginMs` longer than they may last: their own limit, or `longestMs`. */
  callsOverLimit(marginMs: number, longestMs: number, limit: number): Promise<FoundCall[]>
  /** How many calls take up a place on an Exotel account now, over all tenants. */
  accountLiveCalls(accountSid: string): Promise<number>
  /** Idempotency keys made so long ago, by the call they stand for. */
  oldIdempotencyKeys(olderThanMs: number, limit: number): Promise<FoundCall[]>
  /** Those with something stored whose life is over by their own settings, of closed calls. */
  tenantsPastRetention(): Promise<string[]>
  /** Recordings whose objects may still be in the store, those that were erased first first. */
  erasedRecordings(limit: number): Promise<Found[]>
  activeWebhookEndpoints(): Promise<Found[]>
  /**
   * Of these, whoever may have something to be told that happened since `lookBehindMs` before the
   * last look, or whose last look was not noted for `notedMs`.
   */
  webhookEndpointsBehind(o: { lookBehindMs: number; notedMs: number }): Promise<Found[]>
  /**
   * Pending, due, in nobody's hands: every endpoint's first before any endpoint's second, at most
   * `each` of one. `busy` names endpoints and tenants that are left out.
   */
  dueWebhookDeliveries(o: {
    each: number
    limit: number
    busy: readonly string[]
  }): Promise<(Found & { endpointId: string })[]>
  /** Delivered or dead for so long, or waiting in vain. */
  oldWebhookDeliveries(olderThanMs: number, limit: number): Promise<Found[]>
  /** Not moved for so long before the endpoint's last look. */
  oldWebhookCursors(olderThanMs: number, limit: number): Promise<FoundCursor[]>
  expiredWebhookSecrets(limit: number): Promise<Found[]>
  oldTenantAlerts(olderThanMs: number, limit: number): Promise<Found[]>
  tenantCount(): Promise<number>
  /** No tenant at all. */
  isEmpty(): Promise<boolean>
}

const one = {
  found: 'tenant_id as "tenantId", id',
  call: 'tenant_id as "tenantId", call_id as "callId"',
  phone: 'tenant_id as "tenantId", phone_id as "phoneId"',
  tenant: 'tenant_id as "tenantId"',
} as const

export function createFinder(client: Client): Finder {
  const many = <Row>(
    columns: string,
    name: string,
    values: readonly (string | number | readonly string[])[],
  ) => {
    const places = values.map((_, index) => `$${index + 1}`).join(', ')
    return client.rows<Row>(`select ${columns} from finder.${name}(${places})`, values, name)
  }
  const first = async <Row>(columns: string, name: string, value: string) => {
    const [row] = await many<Row>(columns, name, [value])
    return row ?? null
  }
  return {
    apiKeyByHash: (hash) => first(one.found, 'api_key_by_hash', hash),
    userByEmail: (email) => first(one.found, 'user_by_email', email),
    refreshTokenByHash: (hash) => first(one.found, 'session_by_family_hash', hash),
    callById: (callId) => first(one.tenant, 'call_by_id', callId),
    callBySid: (sid) => first(one.call, 'call_by_sid', sid),
    streamTokenByHash: (hash) => first(one.found, 'stream_token_by_hash', hash),
    phoneByIngestKey: (key) => first(one.phone, 'phone_by_ingest_key', key),
    phoneByTokenHash: (hash) => first(one.phone, 'phone_by_token_hash', hash),
    phoneById: (phoneId) => first(one.tenant, 'phone_by_id', phoneId),
    dueCalls: (limit) => many(`${one.call}, attempt`, 'due_calls', [limit]),
    staleDialing: (ageMs, limit) => many(one.call, 'stale_dialing', [ageMs, limit]),
    unknownCalls: (firstMs, longestMs, limit) =>
      many(one.call, 'unknown_calls', [firstMs, longestMs, limit]),
    parkedCalls: async () => {
      const [row] = await client.rows<{ count: number }>('select finder.parked_calls() as count')
      return row?.count ?? 0
    },
    unpolledCalls: (firstMs, longestMs, limit) =>
      many(one.call, 'unpolled_calls', [firstMs, longestMs, limit]),
    unappliedCallbacks: (ageMs, limit) => many(one.call, 'unapplied_callbacks', [ageMs, limit]),
    staleStreams: (ageMs, limit) =>
      many(`${one.call}, stream_id as "streamId"`, 'stale_streams', [ageMs, limit]),
    oldPhoneChecks: (ageMs, limit) => many(one.found, 'old_phone_checks', [ageMs, limit]),
    oldStreamTokens: (ageMs, limit) => many(one.found, 'old_stream_tokens', [ageMs, limit]),
    pendingTranscriptions: (limit) => many(one.call, 'pending_transcriptions', [limit]),
    unreceiptedCalls: (limit) => many(one.call, 'unreceipted_calls', [limit]),
    expiredCalls: (limit) => many(one.call, 'expired_calls', [limit]),
    callsOverLimit: (marginMs, longestMs, limit) =>
      many(one.call, 'calls_over_limit', [marginMs, longestMs, limit]),
    accountLiveCalls: async (sid) => {
      const [row] = await client.rows<{ count: number }>(
        'select finder.account_live_calls($1) as count',
        [sid],
      )
      return row?.count ?? 0
    },
    oldIdempotencyKeys: (ageMs, limit) => many(one.call, 'old_idempotency_keys', [ageMs, limit]),
    tenantsPastRetention: async () => {
      const rows = await many<{ tenantId: string }>(one.tenant, 'tenants_past_retention', [])
      return rows.map(({ tenantId }) => tenantId)
    },
    erasedRecordings: (limit) => many(one.found, 'erased_recordings', [limit]),
    activeWebhookEndpoints: () => many(one.found, 'active_webhook_endpoints', []),
    webhookEndpointsBehind: ({ lookBehindMs, notedMs }) =>
      many(one.found, 'webhook_endpoints_behind', [lookBehindMs, notedMs]),
    dueWebhookDeliveries: ({ each, limit, busy }) =>
      many(`${one.found}, endpoint_id as "endpointId"`, 'due_webhook_deliveries', [
        each,
        limit,
        busy,
      ]),
    oldWebhookDeliveries: (ageMs, limit) =>
      many(one.found, 'old_webhook_deliveries', [ageMs, limit]),
    oldWebhookCursors: (ageMs, limit) =>
      many(`${one.call}, endpoint_id as "endpointId"`, 'old_webhook_cursors', [ageMs, limit]),
    expiredWebhookSecrets: (limit) => many(one.found, 'expired_webhook_secrets', [limit]),
    oldTenantAlerts: (ageMs, limit) => many(one.found, 'old_tenant_alerts', [ageMs, limit]),
    tenantCount: async () => {
      const [row] = await client.rows<{ count: number }>('select finder.tenant_count() as count')
      return row?.count ?? 0
    },
    isEmpty: async () => {
      const [row] = await client.rows<{ empty: boolean }>('select finder.is_empty() as empty')
      return row?.empty ?? true
    },
  }
}
