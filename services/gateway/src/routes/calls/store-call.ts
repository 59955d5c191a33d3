import { callStatuses, isFinal } from '@callwire/contracts'
import type { Sealed } from '@callwire/crypto'
import {
  auditLog,
  callEvents,
  callHeads,
  callKeys,
  calls,
  idempotencyKeys,
  neverCall,
  statement,
  DbError,
  type Database,
  type Tx,
} from '@callwire/db'
import type { MadeEvent } from '@callwire/ledger'
import { and, eq, inArray, sql } from 'drizzle-orm'
import type { AuditActor } from '../../record-audit.ts'
import { keyIsOver } from './key-life.ts'

/** A request that waits longer for another with its key, or about its person, is told so. */
const waitForOtherMs = 2_000
/** PostgreSQL's lock_not_available: a wait was cut off. */
const lockNotAvailable = '55P03'

export type NewCall = {
  tenantId: string
  callId: string
  phoneId: string
  agentId: string | null
  personSealed: Sealed
  personMasked: string
  /** Under the primary key; {@link NewCall.entries} holds it under all of them. */
  personIndex: string
  entries: readonly string[]
  priority: number
  record: boolean
  timeLimitSeconds: number | null
  allowConcurrent: boolean
  metadataSealed: Sealed | null
  scheduleAt: Date | null
  /** When the call is dialed first: until then an entry of the never-call list has to last. */
  dialedFrom: Date
  /** The call's data key. */
  wrapped: string
  auditId: string
  actor: AuditActor
  first: MadeEvent
  /** The request's claim of its idempotency key; null where it has none. */
  claim: { route: string; key: string; fingerprint: string } | null
}

/** What stood in the way, each with what tells about it; with none of them the call is stored. */
export type StoreOutcome =
  | { kind: 'stored'; createdAt: Date; dueAt: Date }
  | { kind: 'claimed_before' }
  | { kind: 'never_call'; id: string; expiresAt: Date | null }
  | { kind: 'live'; callId: string }
  /** Others about this person took all the time there was, and have made no call of them. */
  | { kind: 'busy' }

/**
 * Stores a call with its claim, key, head, first event and audit, or, when something stands in the
 * way, none of them, in a transaction of its own. Requests with one idempotency key, and those
 * about one person, take turns until it ends, because rows that are not there yet cannot be locked.
 */
export async function storeCall(
  database: Pick<Database, 'atOnce' | 'withTenant'>,
  call: NewCall,
): Promise<StoreOutcome> {
  try {
    return await tryToStore(database, call)
  } catch (error) {
    if (!(error instanceof DbError && error.sqlstate === lockNotAvailable)) throw error
    return database.withTenant(call.tenantId, (tx) => whoIsInTheWay(tx, call))
  }
}

async function tryToStore(
  database: Pick<Database, 'atOnce'>,
  call: NewCall,
): Promise<StoreOutcome> {
  const { tenantId, claim, first, actor } = call
  // Keys before people, each sorted: nobody waits for whoever waits for them.
  const waitFor = [...keyTurn(call), ...personTurns(call)]
  const turns = takeTurns.with({ waitMs: `${waitForOtherMs}ms`, waitFor })
  const storing = store.with({
    ...call,
    route: claim?.route ?? null,
    key: claim?.key ?? null,
    fingerprint: claim?.fingerprint ?? null,
    actorKind: actor.kind,
    actorId: actor.id,
    details: JSON.stringify({ phoneId: call.phoneId }),
    eventId: first.row.id,
    eventType: first.row.type,
    eventAt: first.row.at,
    eventData: first.row.data,
    salt: first.row.salt,
    commit: first.row.commit,
    hash: first.row.hash,
  })
  const [, [row]] = await database.atOnce(tenantId, turns, storing)
  if (row === undefined) throw new TypeError('the statement always gives a row')
  const { createdAt, dueAt, listedId, liveId } = row
  if (createdAt !== null && dueAt !== null) return { kind: 'stored', createdAt, dueAt }
  if (listedId !== null) return { kind: 'never_call', id: listedId, expiresAt: row.listedUntil }
  if (liveId !== null) return { kind: 'live', callId: liveId }
  return { kind: 'claimed_before' }
}

function keyTurn({ tenantId, claim }: NewCall): string[] {
  return claim === null ? [] : [`key:${tenantId}:${claim.route}:${claim.key}`]
}

function personTurns({ tenantId, allowConcurrent, entries }: NewCall): string[] {
  return allowConcurrent ? [] : [...entries].sort().map((entry) => `live:${tenantId}:${entry}`)
}

/**
 * What cut a wait off. PostgreSQL does not say which lock it was, and while others with this key
 * run they may hold the person's as well: whether any do comes first.
 */
async function whoIsInTheWay(
  tx: Tx,
  call: NewCall,
): Promise<Extract<StoreOutcome, { kind: 'claimed_before' | 'live' | 'busy' }>> {
  const { tenantId, allowConcurrent, entries } = call
  for (const name of keyTurn(call)) {
    const [key] = await tryTurn(tx, { name })
    if (key?.free !== true) return { kind: 'claimed_before' }
  }
  if (allowConcurrent) return { kind: 'busy' }
  const [found] = await tx
    .select({ callId: calls.id })
    .from(calls)
    .where(
      and(
        eq(calls.tenantId, tenantId),
        inArray(calls.personIndex, [...entries]),
        inArray(calls.status, liveStatuses),
      ),
    )
    .limit(1)
  return found === undefined ? { kind: 'busy' } : { kind: 'live', callId: found.callId }
}

const value = (name: string) => sql.placeholder(name)
const liveStatuses = callStatuses.filter((status) => !isFinal(status))
const live = sql.raw(liveStatuses.map((status) => `'${status}'`).join(', '))

/** A statement of its own: the next one has to see what those before it in line have committed. */
const takeTurns = statement<{ waitMs: string; waitFor: readonly string[] }, never>(
  'place_call_take_turns',
  sql`select set_config('lock_timeout', ${value('waitMs')}, true), (
    select count(pg_advisory_xact_lock(hashtextextended(name, 0)))
    from unnest(${value('waitFor')}::text[]) name)`,
)

/** The same lock as theirs, without a wait. */
const tryTurn = statement<{ name: string }, { free: boolean }>(
  'place_call_try_turn',
  sql`select pg_try_advisory_xact_lock(hashtextextended(${value('name')}, 0)) as free`,
)

type StoredRow = {
  liveId: string | null
  listedId: string | null
  listedUntil: Date | null
  createdAt: Date | null
  dueAt: Date | null
}

/** One statement for all of it: each of them alone would cost what all of them do together. */
const store = statement<Record<string, unknown>, StoredRow>(
  'place_call_store',
  sql`with live as (
    select id from (
      -- By the person, who has few calls: a tenant may have many under way.
      select id, status from ${calls}
      where tenant_id = ${value('tenantId')} and person_index = any (${value('entries')}::text[])
      offset 0
    ) of_person
    where status in (${live}) and not ${value('allowConcurrent')}::boolean
    limit 1
  ), listed as (
    select id, expires_at from ${neverCall}
    where tenant_id = ${value('tenantId')} and person_index = any (${value('entries')}::text[])
      and (expires_at is null or expires_at > ${value('dialedFrom')}::timestamptz)
    limit 1
  ), free as (
    select where not exists (select from live) and not exists (select from listed)
  ), claimed as (
    insert into ${idempotencyKeys} (tenant_id, route, key, fingerprint, call_id, status)
    select ${value('tenantId')}, ${value('route')}, ${value('key')}, ${value('fingerprint')},
      ${value('callId')}, 202
    from free where ${value('key')}::text is not null
    on conflict (tenant_id, route, key) do update
      set fingerprint = excluded.fingerprint, call_id = excluded.call_id,
        status = excluded.status, created_at = now()
      -- Its life is over, whether or not it was swept away.
      where ${keyIsOver}
    returning 1
  ), allowed as (
    select from free where ${value('key')}::text is null or exists (select from claimed)
  ), head as (
    insert into ${callHeads} (tenant_id, call_id, seq, hash, last_type)
    select ${value('tenantId')}, ${value('callId')}, 1, ${value('hash')}, ${value('eventType')}
    from allowed
  ), event as (
    insert into ${callEvents} (tenant_id, call_id, seq, id, type, at, data, salt, commit, hash)
    select ${value('tenantId')}, ${value('callId')}, 1, ${value('eventId')}, ${value('eventType')},
      ${value('eventAt')}::timestamptz, ${value('eventData')}, ${value('salt')}, ${value('commit')},
      ${value('hash')}
    from allowed
  ), data_key as (
    insert into ${callKeys} (tenant_id, call_id, wrapped)
    select ${value('tenantId')}, ${value('callId')}, ${value('wrapped')} from allowed
  ), audited as (
    insert into ${auditLog}
      (tenant_id, id, actor_kind, actor_id, action, target_kind, target_id, details)
    select ${value('tenantId')}, ${value('auditId')}, ${value('actorKind')}, ${value('actorId')},
      'call.placed', 'call', ${value('callId')}, ${value('details')}::jsonb
    from allowed
  ), made as (
    insert into ${calls} (tenant_id, id, phone_id, agent_id, direction, person_sealed,
      person_masked, person_index, status, priority, record, time_limit_seconds, allow_concurrent,
      metadata_sealed, schedule_at, due_at)
    select ${value('tenantId')}, ${value('callId')}, ${value('phoneId')}, ${value('agentId')},
      'outbound', ${value('personSealed')}, ${value('personMasked')}, ${value('personIndex')},
      'queued', ${value('priority')}::integer, ${value('record')}::boolean,
      ${value('timeLimitSeconds')}::integer, ${value('allowConcurrent')}::boolean,
      ${value('metadataSealed')}, ${value('scheduleAt')}::timestamptz,
      -- A past one means now: nobody is dialed before those who were here first.
      greatest(${value('scheduleAt')}::timestamptz, now())
    from allowed
    returning created_at, due_at
  )
  select live.id as "liveId", listed.id as "listedId", listed.expires_at as "listedUntil",
    made.created_at as "createdAt", made.due_at as "dueAt"
  from (select) one
  left join live on true left join listed on true left join made on true`,
)
