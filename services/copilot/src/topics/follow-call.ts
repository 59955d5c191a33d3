import type { DoorbellSubscriber } from '@callwire/bus'
import type { CallEvent, Interim } from '@callwire/contracts'
import type { Ledger } from '@callwire/ledger'
import { errorFields, type Clock, type Logger } from '@callwire/runtime'
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
  clock: Clock
  log: Logger
}

/** Publications of neighbouring facts may cross by this much: only then is a gap a gap. */
const CROSSING_MS = 50
/** Events read from the ledger at a time. */
const PAGE = 200
/** After a read that failed, the next try. The head watch asks again, too. */
const RETRY_MS = 500

/**
 * Follows one call from just after `after`: every event once, in order, whatever the doorbell loses,
 * doubles or reorders. The doorbell is listened to before the ledger is read, so nothing falls between.
 */
export async function followCall(
  deps: FollowDeps,
  target: { tenantId: string; callId: string; after: number },
  listener: Listener,
): Promise<Following> {
  const { tenantId, callId } = target
  const sequence = createSequence(target.after)
  const stop = new AbortController()
  let reading: Promise<void> | null = null
  let again = false

  const deliver = (events: readonly CallEvent[]) => {
    for (const event of events) listener.event(event)
  }

  const readToHead = async () => {
    for (;;) {
      await listener.room()
      if (stop.signal.aborted) return
      const page = await deps.ledger.read(tenantId, callId, { after: sequence.last, limit: PAGE })
      for (const event of page) deliver(sequence.take(event))
      if (page.length < PAGE) return
    }
  }

  const catchUp = () => {
    again = true
    reading ??= (async () => {
      while (again && !stop.signal.aborted) {
        again = false
        try {
          await readToHead()
        } catch (error) {
          deps.log.warn({ callId, ...errorFields(error) }, 'catch-up failed')
          again = true
          await deps.clock.sleep(RETRY_MS, stop.signal).catch(() => undefined)
        }
      }
    })().finally(() => {
      reading = null
    })
  }

  const mindTheGap = async () => {
    const missing = sequence.last + 1
    await deps.clock.sleep(CROSSING_MS, stop.signal).catch(() => undefined)
    if (!stop.signal.aborted && sequence.last < missing) catchUp()
  }

  const stopListening = await deps.doorbell.onCall(callId, (message) => {
    // A channel is named for the call alone: what another tenant might say there is not for us.
    if (message.tenantId !== tenantId) return
    if (message.kind === 'interim') {
      if (reading === null) listener.interim(message.interim)
      return
    }
    if (message.kind !== 'event') return
    deliver(sequence.take(message.event))
    if (sequence.waiting > 0 && reading === null) void mindTheGap()
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
