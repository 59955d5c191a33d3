import type { DoorbellSubscriber } from '@callwire/bus'
import type { CallEvent, Interim } from '@callwire/contracts'
import type { Ledger } from '@callwire/ledger'
import { errorFields, type Clock, type Logger } from '@callwire/runtime'
import type { Limits } from '../limits.ts'
import { createSequence } from './sequence.ts'

/** Where a follower's events go. `room` resolves when more may be sent. */
export type Listener = {
  event(event: CallEvent): void
  interim(interim: Interim): void
  room(): Promise<void>
}

export type Following = AsyncDisposable & {
  /** The ledger's head is known to be at least this: catch up if behind. */
  head(seq: number): void
  /** The last seq delivered. */
  readonly seq: number
}

export type FollowDeps = {
  ledger: Pick<Ledger, 'read'>
  doorbell: Pick<DoorbellSubscriber, 'onCall' | 'onLost'>
  limits: Pick<Limits, 'crossingMs' | 'retryMs'>
  clock: Clock
  log: Logger
}

/** Events read from the ledger at a time. */
const PAGE = 200

/**
 * Follows one call from just after `after`: every event once, in order, whatever the doorbell loses,
 * doubles or reorders. The doorbell is listened to before the ledger is read, so nothing falls
 * between. Once disposed it says nothing more, also when a read is still under way.
 */
export async function followCall(
  deps: FollowDeps,
  target: { tenantId: string; callId: string; after: number },
  listener: Listener,
): Promise<Following> {
  const { tenantId, callId } = target
  const { clock, limits } = deps
  const sequence = createSequence(target.after)
  const stop = new AbortController()
  const isStopped = () => stop.signal.aborted
  let isReading = false
  let isMinding = false
  let again = false

  const take = (event: CallEvent) => {
    for (const next of sequence.take(event)) listener.event(next)
  }
  const pause = (ms: number) => clock.sleep(ms, stop.signal).catch(() => undefined)

  const readToHead = async () => {
    for (;;) {
      await listener.room()
      if (isStopped()) return
      const page = await deps.ledger.read(tenantId, callId, { after: sequence.last, limit: PAGE })
      if (isStopped()) return
      for (const event of page) take(event)
      if (page.length < PAGE) return
    }
  }

  const readWhileBehind = async () => {
    while (again && !isStopped()) {
      again = false
      try {
        await readToHead()
      } catch (error) {
        deps.log.warn({ callId, ...errorFields(error) }, 'catch-up failed')
        again = true
        await pause(limits.retryMs)
      }
    }
    isReading = false
    // What came in after the read had looked may lack its neighbour.
    void mindTheGap()
  }

  const catchUp = () => {
    again = true
    if (isReading || isStopped()) return
    isReading = true
    void readWhileBehind()
  }

  const mindTheGap = async () => {
    if (isMinding) return
    isMinding = true
    while (sequence.waiting > 0 && !isReading && !isStopped()) {
      const missing = sequence.last + 1
      await pause(limits.crossingMs)
      if (sequence.last < missing) catchUp()
    }
    isMinding = false
  }

  const stopListening = await deps.doorbell.onCall(callId, (message) => {
    // A channel is named for the call alone: what another tenant might say there is not for us.
    if (message.tenantId !== tenantId) return
    if (message.kind === 'interim') {
      if (!isReading) listener.interim(message.interim)
      return
    }
    if (message.kind !== 'event') return
    take(message.event)
    void mindTheGap()
  })
  const stopHearingOfLoss = deps.doorbell.onLost(catchUp)
  catchUp()

  return {
    get seq() {
      return sequence.last
    },
    head(seq) {
      if (seq > sequence.last) catchUp()
    },
    async [Symbol.asyncDispose]() {
      stop.abort()
      stopHearingOfLoss()
      await stopListening()
    },
  }
}
