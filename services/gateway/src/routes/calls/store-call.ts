import { callStatuses, isFinal } from '@callwire/contracts'
import type { Sealed } from '@callwire/crypto'
import {
  calls,
  DbError,
  mayBeOfOne,
  statement,
  type CallToPlace,
  type Database,
  type PlacedCall,
  type Tx,
} from '@callwire/db'
import type { MadeEvent } from '@callwire/ledger'
import { createBatches, type Clock } from '@callwire/runtime'
import { and, eq, inArray, sql } from 'drizzle-orm'
import type { AuditActor } from '../../record-audit.ts'
import { keyLifeMs } from './key-life.ts'
import { createTurns } from './turns.ts'

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

/** Stores a call, or says what stands in its way; in a transaction that other calls may share. */
export type StoreCall = (call: NewCall) => Promise<StoreOutcome>

/** While they are written the next batch comes together; one that is held up does not hold up all. */
const lanes = 2
/** What more calls in a transaction would save is little, and the first of them would wait for it. */
const mostInBatch = 32
/** Of requests under way there are fewer. */
const mostWaiting = 10_000
/** As long as for a connection. */
const waitMs = 10_000
/** A request that waits longer for another with its key, or about its person, is told so. */
const waitForOtherMs = 2_000

/**
 * Calls that are placed at about the same time are stored together, each with its claim, key, head,
 * first event and audit, or, when something stands in its way, nothing of it. Requests with one
 * idempotency key, and those about one person, take turns, because rows that are not there yet
 * cannot be locked: among themselves here, so that one of them at most asks PostgreSQL, and there
 * with those of other processes, for which it waits alone.
 */
export function createCallStore(o: {
  database: Pick<Database, 'batch' | 'withTenant'>
  clock: Pick<Clock, 'sleep'>
}): StoreCall {
  const { database, clock } = o
  const turns = createTurns({ clock, waitMs: waitForOtherMs })
  const batches = createBatches<NewCall, PlacedCall | undefined>({
    lanes,
    most: mostInBatch,
    mostWaiting,
    waitMs,
    mayRunAlone: mayBeOfOne,
    full: () => new DbError({ code: 'unavailable' }),
    run: async (calls) => {
      const placed = await database.batch.placeCalls(calls.map(rowOf), keyLifeMs)
      const byId = new Map(placed.map((row) => [row.callId, row]))
      return calls.map(({ callId }) => byId.get(callId))
    },
  })

  /** Null when others took all the time there was. */
  const inTurn = async (call: NewCall): Promise<StoreOutcome | null> => {
    const turn = await turns.take(turnsOf(call))
    if (turn.kind === 'late') return isKeyTurn(turn.name) ? { kind: 'claimed_before' } : null
    try {
      const row = (await batches.add(call)) ?? (await batches.alone(call))
      if (row === undefined) throw new TypeError('a call that is alone waits for its turn')
      return outcomeOf(row)
    } catch (error) {
      if (error instanceof DbError && error.sqlstate === lockNotAvailable) return null
      throw error
    } finally {
      turn.done()
    }
  }

  return async (call) =>
    (await inTurn(call)) ??
    (await database.withTenant(call.tenantId, (tx) => whoIsInTheWay(tx, call)))
}

function outcomeOf(row: PlacedCall): StoreOutcome {
  const { createdAt, dueAt, listedId, liveId } = row
  if (createdAt !== null && dueAt !== null) return { kind: 'stored', createdAt, dueAt }
  if (listedId !== null) return { kind: 'never_call', id: listedId, expiresAt: row.listedUntil }
  if (liveId !== null) return { kind: 'live', callId: liveId }
  return { kind: 'claimed_before' }
}

function rowOf(call: NewCall): CallToPlace {
  const { claim, first, actor } = call
  return {
    tenant_id: call.tenantId,
    call_id: call.callId,
    phone_id: call.phoneId,
    agent_id: call.agentId,
    person_sealed: call.personSealed,
    person_masked: call.personMasked,
    person_index: call.personIndex,
    entries: call.entries,
    priority: call.priority,
    record: call.record,
    time_limit_seconds: call.timeLimitSeconds,
    allow_concurrent: call.allowConcurrent,
    metadata_sealed: call.metadataSealed,
    schedule_at: call.scheduleAt,
    dialed_from: call.dialedFrom,
    wrapped: call.wrapped,
    audit_id: call.auditId,
    actor_kind: actor.kind,
    actor_id: actor.id,
    details: { phoneId: call.phoneId },
    event_id: first.row.id,
    event_type: first.row.type,
    event_at: first.row.at,
    event_data: first.row.data,
    salt: first.row.salt,
    commit: first.row.commit,
    hash: first.row.hash,
    route: claim?.route ?? null,
    key: claim?.key ?? null,
    fingerprint: claim?.fingerprint ?? null,
    turns: turnsOf(call),
  }
}

/** Keys before people, each sorted: nobody waits for whoever waits for them. */
function turnsOf(call: NewCall): string[] {
  return [...keyTurn(call), ...personTurns(call)]
}

const keyTurns = 'key:'

function isKeyTurn(name: string): boolean {
  return name.startsWith(keyTurns)
}

function keyTurn({ tenantId, claim }: NewCall): string[] {
  return claim === null ? [] : [`${keyTurns}${tenantId}:${claim.route}:${claim.key}`]
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

/** The same lock as theirs, without a wait. */
const tryTurn = statement<{ name: string }, { free: boolean }>(
  'place_call_try_turn',
  sql`select pg_try_advisory_xact_lock(hashtextextended(${value('name')}, 0)) as free`,
)
