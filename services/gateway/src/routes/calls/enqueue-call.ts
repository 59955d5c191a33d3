import type { Principal } from '@callwire/accounts'
import type { Queues } from '@callwire/bus'
import type { PlaceCallBody } from '@callwire/contracts'
import { createDataKey, type ContentRing } from '@callwire/crypto'
import { callKeys, calls, type Tx } from '@callwire/db'
import type { Ledger } from '@callwire/ledger'
import { maskPhoneNumber } from '@callwire/masking'
import { AppError, type Clock } from '@callwire/runtime'
import type { BestEffort } from '../../best-effort.ts'
import { ApiError } from '../../http/api-error.ts'
import { first } from '../../http/reply.ts'
import type { NewId } from '../../new-id.ts'
import { actorOf, type RecordAudit } from '../../record-audit.ts'
import { findPhone, requireAccount } from '../phones/find-phone.ts'
import { checkCallable } from './check-callable.ts'
import type { CallMetadata } from './call-metadata.ts'
import type { ShownRow } from './call-view.ts'
import { refuseIfLive } from './live-guard.ts'
import type { PersonNumbers } from './person-number.ts'

/**
 * Makes a call: claim, checks, row, key and first event in one transaction; then wakes a dialer.
 * Null when `claim` says that the request was made before: nothing is left of this one then.
 *
 * @param person - the number to call, E.164
 */
export type EnqueueCall = (
  principal: Principal,
  body: PlaceCallBody,
  person: string,
  claim: (tx: Tx, callId: string) => Promise<boolean>,
) => Promise<ShownRow | null>

/** Rolls the transaction back when the key was claimed before. */
const claimedBefore = new AppError({ code: 'claimed_before', message: 'Claimed before.' })

export function createEnqueueCall(deps: {
  ledger: Pick<Ledger, 'open'>
  queues: Pick<Queues, 'wakeDialer'>
  bestEffort: BestEffort
  clock: Pick<Clock, 'now'>
  newId: NewId
  audit: RecordAudit
  ring: ContentRing
  numbers: PersonNumbers
  metadata: CallMetadata
  globalFallback: boolean
}): EnqueueCall {
  return async (principal, body, person, claim) => {
    const { tenantId } = principal
    const callId = deps.newId('call')
    try {
      const placed = await deps.ledger.open(tenantId, callId, async (w) => {
        if (!(await claim(w.tx, callId))) throw claimedBefore
        const phone = await readyPhone(w.tx, body.phoneId, deps)
        const atMs = dialedFrom(body, deps.clock.now())
        await checkCallable(w.tx, { tenantId, number: person, atMs, numbers: deps.numbers })
        if (body.allowConcurrent !== true) {
          await refuseIfLive(w.tx, tenantId, deps.numbers.index(tenantId, person))
        }
        const call = first(
          await w.tx
            .insert(calls)
            .values({
              tenantId,
              id: callId,
              direction: 'outbound',
              status: 'queued',
              phoneId: phone.id,
              agentId: phone.agentId,
              ...deps.numbers.columns(tenantId, callId, person),
              personMasked: maskPhoneNumber(person),
              ...optionsOf(body),
              metadataSealed:
                body.metadata === undefined
                  ? null
                  : deps.metadata.seal(tenantId, callId, body.metadata),
            })
            .returning(),
        )
        const { wrapped } = createDataKey(deps.ring, { tenantId, callId })
        await w.tx.insert(callKeys).values({ tenantId, callId, wrapped })
        await w.append({ type: 'call.status', data: { status: 'queued', previous: null } })
        await deps.audit(w.tx, {
          tenantId,
          actor: actorOf(principal),
          action: 'call.placed',
          target: { kind: 'call', id: callId },
          details: { phoneId: phone.id },
        })
        return { call, phoneNumber: phone.number, seq: w.head.seq }
      })
      wake(placed.call)
      return placed
    } catch (error) {
      if (error === claimedBefore) return null
      throw error
    }
  }

  /** A later call is the sweep's affair: Postgres knows when it is due, whatever clocks say here. */
  function wake({ id: callId, tenantId, attempt, dueAt }: ShownRow['call']): void {
    if (dueAt.getTime() > deps.clock.now() + 1_000) return
    deps.bestEffort.run('wake dialer', () => deps.queues.wakeDialer({ tenantId, callId, attempt }))
  }
}

/** A phone that can place calls, or the refusal that says what it lacks. */
async function readyPhone(tx: Tx, phoneId: string, deps: { globalFallback: boolean }) {
  const phone = await findPhone(tx, phoneId)
  if (phone.agentId === null) {
    throw new ApiError('no_agent_assigned', 'No agent assigned to this phone number')
  }
  await requireAccount(tx, phone.id, deps)
  return phone
}

/** When a call may be dialed first, epoch ms. */
function dialedFrom(body: PlaceCallBody, nowMs: number): number {
  return body.scheduleAt === undefined ? nowMs : Math.max(nowMs, Date.parse(body.scheduleAt))
}

function optionsOf(body: PlaceCallBody) {
  const scheduleAt = body.scheduleAt === undefined ? null : new Date(body.scheduleAt)
  return {
    priority: body.priority ?? 0,
    record: body.record ?? false,
    timeLimitSeconds: body.timeLimit ?? null,
    allowConcurrent: body.allowConcurrent ?? false,
    scheduleAt,
    ...(scheduleAt === null ? {} : { dueAt: scheduleAt }),
  }
}
