import type { Client } from './client.ts'
import { DbError } from './db-error.ts'
import { inOnePiece } from './in-one-piece.ts'
import { setTenants } from './set-tenants.ts'

/** A call to be stored; keys are as sql/batch.sql reads them. */
export type CallToPlace = {
  tenant_id: string
  call_id: string
  phone_id: string
  agent_id: string | null
  person_sealed: string
  person_masked: string
  /** Under the primary key; `entries` holds it under all of them. */
  person_index: string
  entries: readonly string[]
  priority: number
  record: boolean
  time_limit_seconds: number | null
  allow_concurrent: boolean
  metadata_sealed: string | null
  schedule_at: Date | null
  dialed_from: Date
  wrapped: string
  audit_id: string
  actor_kind: string
  actor_id: string
  details: object
  event_id: string
  event_type: string
  event_at: Date
  event_data: string | null
  salt: string | null
  commit: string
  hash: string
  route: string | null
  key: string | null
  fingerprint: string | null
  /** Who shares one of these waits; in the order in which they are taken. */
  turns: readonly string[]
}

/** What stood in a call's way; with nothing of it and no moments, its key was taken. */
export type PlacedCall = {
  callId: string
  liveId: string | null
  listedId: string | null
  listedUntil: Date | null
  createdAt: Date | null
  dueAt: Date | null
}

/** An attempt that begins, with the call's head as it was seen. */
export type DialToBegin = {
  tenant_id: string
  call_id: string
  phone_id: string
  fence: number
  account_sid: string
  rang_first: string
  at: Date
  event_seq: number
  event_id: string
  event_at: Date
  event_data: string | null
  event_salt: string | null
  event_commit: string
  event_hash: string
  head_hash: string
  token_id: string
  token_hash: string | null
  expires_at: Date
  audit_id: string
  details: object
  request_id: string
}

export type SidToBind = {
  tenant_id: string
  call_id: string
  fence: number
  sid: string
  at: Date
}

/**
 * Writes for calls of any tenants in one transaction each (sql/batch.sql). A fault is everybody's:
 * then nothing was done. Faults come as DbError.
 */
export type Batch = {
  /** Calls that are left out of the answer have to wait for another with their turn. */
  placeCalls(calls: readonly CallToPlace[], keyLifeMs: number): Promise<PlacedCall[]>
  /** Gives the ids of the calls whose attempt has begun. */
  beginDials(dials: readonly DialToBegin[]): Promise<ReadonlySet<string>>
  /** Gives the ids of the calls whose Sid is kept. */
  bindSids(sids: readonly SidToBind[]): Promise<ReadonlySet<string>>
}

const place = {
  name: 'batch_place_calls',
  text: `select call_id as "callId", live_id as "liveId", listed_id as "listedId",
    listed_until as "listedUntil", created_at as "createdAt", due_at as "dueAt"
    from batch.place_calls($1, $2)`,
}
const begin = { name: 'batch_begin_dials', text: 'select call_id from batch.begin_dials($1)' }
const bind = { name: 'batch_bind_sids', text: 'select call_id from batch.bind_sids($1)' }

export function createBatch(client: Client): Batch {
  const run = async <Row>(
    statement: { name: string; text: string },
    items: readonly { tenant_id: string }[],
    ...more: readonly unknown[]
  ): Promise<Row[]> => {
    const tenants = setTenants(items)
    const values = [JSON.stringify(items), ...more]
    const [, rows] = await client.withConnection((connection) =>
      inOnePiece(connection, [tenants, { ...statement, values }]),
    )
    return rows as Row[]
  }
  const idsOf = async (rows: Promise<{ call_id: string }[]>) =>
    new Set((await rows).map(({ call_id: id }) => id))
  return {
    placeCalls: (calls, keyLifeMs) => run(place, calls, keyLifeMs),
    beginDials: (dials) => idsOf(run(begin, dials)),
    bindSids: (sids) => idsOf(run(bind, sids)),
  }
}

/**
 * The server's own faults: a connection lost or refused, no room, a server that stops. One that
 * stops may say so of a transaction that it has committed.
 */
const ofServer = /^(08|53|57P|58)/

/** Whether a fault may be of one row of a batch: the server said so, and so nothing was done. */
export function mayBeOfOne(error: unknown): boolean {
  return error instanceof DbError && error.sqlstate !== null && !ofServer.test(error.sqlstate)
}
