import type { DoorbellSubscriber } from '@callwire/bus'
import { isBoardEvent, type Call, type CallEvent, type TenantAlert } from '@callwire/contracts'
import type { Ledger } from '@callwire/ledger'
import { errorFields, type Clock, type Logger } from '@callwire/runtime'

export type BoardListener = {
  snapshot(calls: readonly Call[]): void
  event(event: CallEvent | TenantAlert): void
}

export type BoardDeps = {
  ledger: Pick<Ledger, 'read' | 'changedHeads'>
  doorbell: Pick<DoorbellSubscriber, 'onTenant' | 'onLost'>
  /** Calls that have not ended, with the head of each. */
  loadBoard(tenantId: string): Promise<Call[]>
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
/** After a snapshot that could not be read, the next try. */
const RETRY_MS = 500
/** Calls remembered per subscription, oldest forgotten first. */
const MAX_KNOWN = 20_000

/**
 * Follows a tenant's board: a snapshot, then what the board's types say, in order for each call. Facts
 * of other types leave holes in what the board hears, so every jump is looked up in the ledger.
 */
export async function followBoard(
  deps: BoardDeps,
  tenantId: string,
  listener: BoardListener,
): Promise<BoardFollowing> {
  const known = new Map<string, number>()
  const stop = new AbortController()
  let lookedAt = deps.clock.now()
  const listening = Promise.withResolvers<null>()

  const remember = (callId: string, seq: number) => {
    known.delete(callId)
    known.set(callId, seq)
    const oldest = known.keys().next()
    if (known.size > MAX_KNOWN && oldest.done !== true) known.delete(oldest.value)
  }

  const bringTo = async (callId: string, head: number) => {
    for (let after = known.get(callId) ?? 0; after < head;) {
      const page = await deps.ledger.read(tenantId, callId, { after, limit: PAGE })
      for (const event of page) {
        remember(callId, event.seq)
        if (isBoardEvent(event.type)) listener.event(event)
      }
      const last = page.at(-1)
      if (last === undefined) return
      after = last.seq
    }
  }

  const takeSnapshot = async () => {
    await listening.promise
    const earlier = await deps.ledger.changedHeads(tenantId, lookedAt - KNOWN_BEFORE_MS)
    for (const { callId, seq } of earlier) remember(callId, seq)
    const calls = await deps.loadBoard(tenantId)
    for (const call of calls) remember(call.id, call.seq)
    listener.snapshot(calls)
  }

  const attempt = async (task: () => Promise<void>) => {
    if (stop.signal.aborted) return
    try {
      await task()
    } catch (error) {
      deps.log.warn(errorFields(error), 'board catch-up failed')
    }
  }
  const takeSnapshotAtLast = async () => {
    const begun = new AbortController()
    const go = AbortSignal.any([stop.signal, begun.signal])
    while (!go.aborted) {
      await attempt(async () => {
        await takeSnapshot()
        begun.abort()
      })
      await deps.clock.sleep(RETRY_MS, go).catch(() => undefined)
    }
  }
  let work = takeSnapshotAtLast()

  /** One thing at a time, so that a call's events stay in order; a failure is found again at the next look. */
  const enqueue = (task: () => Promise<void>) => {
    work = work.then(() => attempt(task))
  }

  const onEvent = async (event: CallEvent) => {
    const last = known.get(event.callId) ?? 0
    if (event.seq <= last) return
    if (event.seq > last + 1) return bringTo(event.callId, event.seq)
    remember(event.callId, event.seq)
    listener.event(event)
  }

  const look = () =>
    enqueue(async () => {
      const since = lookedAt - LOOK_OVERLAP_MS
      const now = deps.clock.now()
      for (const { callId, seq } of await deps.ledger.changedHeads(tenantId, since)) {
        if (seq > (known.get(callId) ?? 0)) await bringTo(callId, seq)
      }
      lookedAt = now
    })

  const stopListening = await deps.doorbell.onTenant(tenantId, (message) => {
    if (message.tenantId !== tenantId) return
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
