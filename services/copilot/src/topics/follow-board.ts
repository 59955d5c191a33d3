import type { DoorbellSubscriber } from '@callwire/bus'
import { isBoardEvent, type Call, type CallEvent, type TenantAlert } from '@callwire/contracts'
import type { Ledger } from '@callwire/ledger'
import { errorFields, type Clock, type Logger } from '@callwire/runtime'
import type { Limits } from '../limits.ts'
import { createKnownHeads } from './known-heads.ts'

export type BoardListener = {
  snapshot(calls: readonly Call[]): void
  event(event: CallEvent | TenantAlert): void
}

export type BoardDeps = {
  ledger: Pick<Ledger, 'read' | 'changedHeads'>
  doorbell: Pick<DoorbellSubscriber, 'onTenant' | 'onLost'>
  /** Calls that have not ended, with the head of each. */
  loadBoard(tenantId: string): Promise<Call[]>
  limits: Pick<Limits, 'retryMs'>
  clock: Clock
  log: Logger
}

export type BoardFollowing = AsyncDisposable & {
  /** Compares with the heads that changed since the last look. */
  look(): void
}

/** Heads that changed this long before the subscription count as known: their news is in the snapshot, or old. */
const KNOWN_BEFORE_MS = 60 * 60_000
/** A look back covers the time since the last one and this much more, for commits that were under way. */
const LOOK_OVERLAP_MS = 10_000
const PAGE = 200
/** Publications that may wait while the ledger is read; what is let go here is found by the next look. */
const MAX_WAITING = 1_000

/**
 * Follows a tenant's board: a snapshot, then what the board's types say, in order for each call. Facts
 * of other types leave holes in what the board hears, so every jump is looked up in the ledger. Once
 * disposed it says nothing more, also when a read is still under way.
 */
export async function followBoard(
  deps: BoardDeps,
  tenantId: string,
  listener: BoardListener,
): Promise<BoardFollowing> {
  const startMs = deps.clock.now()
  // Half of what is looked back leaves the other half for clocks that differ.
  const known = createKnownHeads(startMs - KNOWN_BEFORE_MS / 2)
  const stop = new AbortController()
  const isStopped = () => stop.signal.aborted
  let lookedAt = startMs
  let waiting = 0
  let isLookWaiting = false
  const listening = Promise.withResolvers<null>()

  const tell = (event: CallEvent, isOld: boolean) => {
    known.remember(event.callId, event.seq, Date.parse(event.at))
    if (isBoardEvent(event.type) && !isOld) listener.event(event)
  }

  const bringTo = async (callId: string, head: number) => {
    const isNew = known.seqOf(callId) === 0
    for (let after = known.seqOf(callId); after < head;) {
      const page = await deps.ledger.read(tenantId, callId, { after, limit: PAGE })
      if (isStopped()) return
      for (const event of page) tell(event, isNew && known.isOld(Date.parse(event.at)))
      const last = page.at(-1)
      if (last === undefined) return
      after = last.seq
    }
  }

  const takeSnapshot = async () => {
    await listening.promise
    const earlier = await deps.ledger.changedHeads(tenantId, startMs - KNOWN_BEFORE_MS)
    const calls = await deps.loadBoard(tenantId)
    if (isStopped()) return
    for (const { callId, seq } of earlier) known.remember(callId, seq, startMs)
    for (const call of calls) known.remember(call.id, call.seq, startMs)
    listener.snapshot(calls)
  }

  const attempt = async (task: () => Promise<void>): Promise<boolean> => {
    try {
      if (!isStopped()) await task()
      return true
    } catch (error) {
      deps.log.warn(errorFields(error), 'board catch-up failed')
      return false
    }
  }
  const takeSnapshotAtLast = async () => {
    while (!(await attempt(takeSnapshot))) {
      await deps.clock.sleep(deps.limits.retryMs, stop.signal).catch(() => undefined)
    }
  }
  let work = takeSnapshotAtLast()

  /** One thing at a time, so that a call's events stay in order; a failure is found again at the next look. */
  const enqueue = (task: () => Promise<void>) => {
    waiting += 1
    work = work.then(async () => {
      waiting -= 1
      await attempt(task)
    })
  }

  const onEvent = async (event: CallEvent) => {
    const last = known.seqOf(event.callId)
    if (event.seq > last + 1) await bringTo(event.callId, event.seq)
    else if (event.seq === last + 1) tell(event, false)
  }

  const compareHeads = async () => {
    isLookWaiting = false
    const since = lookedAt - LOOK_OVERLAP_MS
    const now = deps.clock.now()
    for (const { callId, seq } of await deps.ledger.changedHeads(tenantId, since)) {
      if (isStopped()) return
      if (seq > known.seqOf(callId)) await bringTo(callId, seq)
    }
    lookedAt = now
  }
  const look = () => {
    if (isLookWaiting) return
    isLookWaiting = true
    enqueue(compareHeads)
  }

  const stopListening = await deps.doorbell.onTenant(tenantId, (message) => {
    if (message.tenantId !== tenantId || waiting >= MAX_WAITING) return
    if (message.kind === 'alert') {
      enqueue(() => {
        listener.event(message.alert)
        return Promise.resolve()
      })
    }
    if (message.kind === 'event') enqueue(() => onEvent(message.event))
  })
  const stopHearingOfLoss = deps.doorbell.onLost(look)
  listening.resolve(null)

  return {
    look,
    async [Symbol.asyncDispose]() {
      stop.abort()
      stopHearingOfLoss()
      await stopListening()
    },
  }
}
