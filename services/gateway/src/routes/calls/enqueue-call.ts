import type { Principal } from '@callwire/accounts'
import type { Queues } from '@callwire/bus'
import type { PlaceCallBody } from '@callwire/contracts'
import { createDataKey, type ContentRing } from '@callwire/crypto'
import type { Database, Tx } from '@callwire/db'
import type { Ledger } from '@callwire/ledger'
import { maskPhoneNumber } from '@callwire/masking'
import type { Clock } from '@callwire/runtime'
import type { BestEffort } from '../../best-effort.ts'
import { ApiError } from '../../http/api-error.ts'
import type { NewId } from '../../new-id.ts'
import { actorOf } from '../../record-audit.ts'
import type { CallMetadata } from './call-metadata.ts'
import { asPlaced, type ShownRow } from './call-view.ts'
import { requireCallable } from './check-callable.ts'
import { requireWithinAYear } from './check-schedule.ts'
import type { KeyClaims } from './claim-key.ts'
import { findCall } from './find-call.ts'
import { fingerprintOf } from './fingerprint.ts'
import { newCallRow, optionsOf } from './new-call-row.ts'
import type { PersonNumbers } from './person-number.ts'
import { personToCall } from './person-to-call.ts'
import { readCaller, whyNotReady, type Caller } from './read-caller.ts'
import type { NewCall, StoreCall, StoreOutcome } from './store-call.ts'

/**
 * Makes a call: checks, claim, row, key and first event in one transaction; then wakes a dialer.
 * `replayed` when the key stands for a call already: it is shown as its first answer showed it.
 * Null when the key was given up by another request at this very moment.
 *
 * @param key - the request's idempotency key
 * @throws ApiError that says why there is no call
 */
export type EnqueueCall = (
  principal: Principal,
  body: PlaceCallBody,
  key: string | null,
) => Promise<{ row: ShownRow; replayed: boolean } | null>

type Deps = {
  database: Pick<Database, 'withTenant' | 'reader' | 'finder'>
  store: StoreCall
  ledger: Pick<Ledger, 'firstEvent' | 'ring'>
  queues: Pick<Queues, 'wakeDialer'>
  bestEffort: BestEffort
  clock: Pick<Clock, 'now'>
  newId: NewId
  claims: KeyClaims
  ring: ContentRing
  numbers: PersonNumbers
  metadata: CallMetadata
  globalFallback: boolean
}

type Asked = { principal: Principal; body: PlaceCallBody; key: string | null }
/** A call that is being stored, or the one that was before. */
type Tried =
  | { kind: 'new'; call: NewCall; caller: Caller; person: string; fingerprint: string }
  | { kind: 'replayed'; row: ShownRow }

export function createEnqueueCall(deps: Deps): EnqueueCall {
  return async (principal, body, key) => {
    const { tenantId } = principal
    const asked = { principal, body, key }
    const { withTenant } = deps.database
    const tried = await tryToPlace(deps, asked)
    if (tried.kind === 'replayed') return { row: tried.row, replayed: true }
    const { call, caller, person } = tried
    const outcome = await deps.store(call)
    if (outcome.kind !== 'stored') {
      // Also where a call stands in the way: it may be the very one that this key stands for.
      const { fingerprint } = tried
      const again =
        key === null
          ? null
          : await withTenant(tenantId, (tx) => replay(deps, tx, { tenantId, key, fingerprint }))
      if (again !== null) return { row: again, replayed: true }
      refuse(outcome, { number: person, atMs: call.dialedFrom.getTime() })
      return null
    }
    const row = { call: newCallRow(call, outcome), phoneNumber: caller.number, seq: 1, person }
    deps.bestEffort.run('ring', () => deps.ledger.ring(tenantId, [call.first.event]))
    wake(row.call)
    return { row, replayed: false }
  }

  /** A later call is the sweep's affair: Postgres knows when it is due, whatever clocks say here. */
  function wake({ id: callId, tenantId, attempt, dueAt }: ShownRow['call']): void {
    if (dueAt.getTime() > deps.clock.now() + 1_000) return
    deps.bestEffort.run('wake dialer', () => deps.queues.wakeDialer({ tenantId, callId, attempt }))
  }
}

async function tryToPlace(deps: Deps, asked: Asked): Promise<Tried> {
  const { principal, body, key } = asked
  const { tenantId } = principal
  requireWithinAYear(body, deps.clock.now())
  const caller = await readCaller(deps.database, tenantId, body.phoneId)
  const person = personToCall(body, caller)
  const fingerprint = fingerprintOf(body, person)
  const refused = await refusalOf(deps, { body, caller, person })
  if (refused !== null) {
    // What was accepted once is answered again, whatever has become of its phone since.
    const row =
      key === null
        ? null
        : await deps.database.withTenant(tenantId, (tx) =>
            replay(deps, tx, { tenantId, key, fingerprint }),
          )
    if (row === null) throw refused
    return { kind: 'replayed', row }
  }
  const call = newCall(deps, { ...asked, caller, person, fingerprint })
  return { kind: 'new', call, caller, person, fingerprint }
}

/** Throws what there is to say about a call that was not stored; nothing when its key was taken. */
function refuse(
  outcome: Exclude<StoreOutcome, { kind: 'stored' }>,
  o: { number: string; atMs: number },
): void {
  switch (outcome.kind) {
    case 'claimed_before':
      return
    case 'never_call':
      requireCallable({ callingHours: null, neverCall: outcome }, o)
      return
    case 'live':
      throw new ApiError('call_already_live', 'This person is being called already.', {
        details: { callId: outcome.callId },
      })
    case 'busy':
      throw new ApiError(
        'unavailable',
        'Other requests about this person are still being answered; try again.',
        { retryAfterS: 1 },
      )
  }
}

/** Why there can be no such call, as far as its phone and its hour tell. */
async function refusalOf(
  deps: Deps,
  o: { body: PlaceCallBody; caller: Caller; person: string },
): Promise<ApiError | null> {
  const notReady = await whyNotReady(deps, o.caller)
  if (notReady !== null) return notReady
  const { callingHours } = o.caller
  try {
    requireCallable(
      { callingHours, neverCall: null },
      { number: o.person, atMs: dialedFrom(deps, o.body) },
    )
    return null
  } catch (error) {
    if (error instanceof ApiError) return error
    throw error
  }
}

/** The call a key stands for; null when it stands for none (any more). */
async function replay(
  deps: Deps,
  tx: Tx,
  o: { tenantId: string; key: string; fingerprint: string },
): Promise<ShownRow | null> {
  const claimed = await deps.claims.find(tx, o)
  if (claimed === null) return null
  if (!claimed.same) {
    throw new ApiError('idempotency_mismatch', 'This key was used with another body.')
  }
  return asPlaced(await findCall(tx, claimed.callId))
}

function newCall(
  deps: Deps,
  o: Asked & { caller: Caller; person: string; fingerprint: string },
): NewCall {
  const { principal, body, caller, person, fingerprint, key } = o
  const { tenantId } = principal
  const callId = deps.newId('call')
  const { metadata } = body
  return {
    tenantId,
    callId,
    phoneId: caller.id,
    agentId: caller.agentId,
    ...deps.numbers.columns(tenantId, callId, person),
    personMasked: maskPhoneNumber(person),
    entries: deps.numbers.index(tenantId, person),
    ...optionsOf(body),
    dialedFrom: new Date(dialedFrom(deps, body)),
    metadataSealed: metadata === undefined ? null : deps.metadata.seal(tenantId, callId, metadata),
    wrapped: createDataKey(deps.ring, { tenantId, callId }).wrapped,
    auditId: deps.newId('audit'),
    actor: actorOf(principal),
    first: deps.ledger.firstEvent(callId, {
      type: 'call.status',
      data: { status: 'queued', previous: null },
    }),
    claim: key === null ? null : deps.claims.make({ tenantId, callId, key, fingerprint }),
  }
}

/** When a call may be dialed first, epoch ms. */
function dialedFrom({ clock }: Pick<Deps, 'clock'>, body: PlaceCallBody): number {
  const nowMs = clock.now()
  return body.scheduleAt === undefined ? nowMs : Math.max(nowMs, Date.parse(body.scheduleAt))
}
