import type { Client } from './client.ts'
import { rowOf, rowsOf } from './query.ts'

/** A row of one tenant, found without knowing the tenant. */
export type Found = { tenantId: string; id: string }
export type FoundCall = { tenantId: string; callId: string }
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
  /** `unknown`, without a sid, not parked for a person; longest unasked first. */
  unknownCalls(limit: number): Promise<FoundCall[]>
  /** Outbound, placed, not ended, nothing heard for so long. */
  unpolledCalls(olderThanMs: number, limit: number): Promise<FoundCall[]>
  unappliedCallbacks(olderThanMs: number, limit: number): Promise<FoundCall[]>
  /** Open media streams without a heartbeat for so long. */
  staleStreams(olderThanMs: number, limit: number): Promise<(FoundCall & { streamId: string })[]>
  pendingTranscriptions(limit: number): Promise<FoundCall[]>
  /** Ended more than a second ago, and the last fact is not a receipt. */
  unreceiptedCalls(limit: number): Promise<FoundCall[]>
  /** No tenant at all. */
  isEmpty(): Promise<boolean>
}

export function createFinder(sql: Client): Finder {
  return {
    apiKeyByHash: (hash) =>
      rowOf(sql`select tenant_id as "tenantId", id from finder.api_key_by_hash(${hash})`),
    userByEmail: (email) =>
      rowOf(sql`select tenant_id as "tenantId", id from finder.user_by_email(${email})`),
    refreshTokenByHash: (hash) =>
      rowOf(sql`select tenant_id as "tenantId", id from finder.session_by_family_hash(${hash})`),
    callById: (callId) =>
      rowOf(sql`select tenant_id as "tenantId" from finder.call_by_id(${callId})`),
    callBySid: (sid) =>
      rowOf(
        sql`select tenant_id as "tenantId", call_id as "callId" from finder.call_by_sid(${sid})`,
      ),
    streamTokenByHash: (hash) =>
      rowOf(sql`select tenant_id as "tenantId", id from finder.stream_token_by_hash(${hash})`),
    phoneByIngestKey: (key) =>
      rowOf(
        sql`select tenant_id as "tenantId", phone_id as "phoneId" from finder.phone_by_ingest_key(${key})`,
      ),
    phoneByTokenHash: (hash) =>
      rowOf(
        sql`select tenant_id as "tenantId", phone_id as "phoneId" from finder.phone_by_token_hash(${hash})`,
      ),
    phoneById: (phoneId) =>
      rowOf(sql`select tenant_id as "tenantId" from finder.phone_by_id(${phoneId})`),
    dueCalls: (limit) =>
      rowsOf(
        sql`select tenant_id as "tenantId", call_id as "callId", attempt from finder.due_calls(${limit})`,
      ),
    staleDialing: (age, limit) =>
      rowsOf(
        sql`select tenant_id as "tenantId", call_id as "callId" from finder.stale_dialing(${age}, ${limit})`,
      ),
    unknownCalls: (limit) =>
      rowsOf(
        sql`select tenant_id as "tenantId", call_id as "callId" from finder.unknown_calls(${limit})`,
      ),
    unpolledCalls: (age, limit) =>
      rowsOf(
        sql`select tenant_id as "tenantId", call_id as "callId" from finder.unpolled_calls(${age}, ${limit})`,
      ),
    unappliedCallbacks: (age, limit) =>
      rowsOf(
        sql`select tenant_id as "tenantId", call_id as "callId" from finder.unapplied_callbacks(${age}, ${limit})`,
      ),
    staleStreams: (age, limit) =>
      rowsOf(
        sql`select tenant_id as "tenantId", call_id as "callId", stream_id as "streamId" from finder.stale_streams(${age}, ${limit})`,
      ),
    pendingTranscriptions: (limit) =>
      rowsOf(
        sql`select tenant_id as "tenantId", call_id as "callId" from finder.pending_transcriptions(${limit})`,
      ),
    unreceiptedCalls: (limit) =>
      rowsOf(
        sql`select tenant_id as "tenantId", call_id as "callId" from finder.unreceipted_calls(${limit})`,
      ),
    isEmpty: async () => {
      const row = await rowOf<{ empty: boolean }>(sql`select finder.is_empty() as empty`)
      return row?.empty ?? true
    },
  }
}
