import { type Clock } from '../clock.ts'
import { httpRequest } from '../http-request.ts'
import { type Call, type CallbackEvent } from '../state/call.ts'
import { type Faults } from '../state/faults.ts'
import { hostOf, type TruthLog } from '../state/truth-log.ts'
import { type CallbackBody, callbackBody, encodeCallback } from '../wire/callback-body.ts'

/** How long a receiver has to answer, and how often it is asked again (Exotel's webhook docs). */
const ANSWER_MS = 15_000
const RETRIES = 2
const RETRY_AFTER_MS = 5_000

export type Callbacks = {
  /** Tells the receiver about a moment of the call, where it asked to be told. Does not wait for it. */
  notify(event: CallbackEvent, call: Call): void
  /** Resolves when the call's first callback has been tried, at once when it has none to come. */
  firstTried(callSid: string): Promise<void>
  close(): Promise<void>
}

type Queue = {
  tail: Promise<void>
  held: (() => void) | null
  first: PromiseWithResolvers<undefined>
}

const isSubscribed = (call: Call, event: CallbackEvent): boolean =>
  event === 'terminal' || (call.callback?.events.includes(event) ?? false)

/**
 * Sends status callbacks, those of one call in order unless a fault says otherwise. `retryScale` shortens the pause
 * before a retry in tests.
 */
export function createCallbacks(deps: {
  clock: Clock
  faults: Faults
  log: TruthLog
  signal: AbortSignal
  retryScale: number
}): Callbacks {
  const { clock, faults, log, signal } = deps
  const queues = new Map<string, Queue>()
  const pending = new Set<Promise<void>>()

  const queueOf = (sid: string): Queue => {
    const queue = queues.get(sid) ?? {
      ...{ tail: Promise.resolve(), held: null, first: Promise.withResolvers<undefined>() },
    }
    queues.set(sid, queue)
    return queue
  }

  async function attempt(call: Call, event: CallbackEvent, body: CallbackBody, n: number) {
    if (!call.callback || signal.aborted) return true
    const encoded = encodeCallback(body, call.callback.contentType)
    const reply = await httpRequest({
      method: 'POST',
      url: call.callback.url,
      headers: { 'content-type': encoded.contentType },
      body: encoded.bytes,
      timeoutMs: ANSWER_MS,
    })
    const outcome = reply.kind === 'reply' ? reply.status : reply.reason
    log.add({
      ...{ kind: 'callback', accountSid: call.accountSid, callSid: call.sid, event, attempt: n },
      ...{ status: body['Status'] ?? null, host: hostOf(call.callback.url), outcome },
    })
    return reply.kind === 'reply' && reply.status >= 200 && reply.status < 300
  }

  async function retry(call: Call, event: CallbackEvent, body: CallbackBody) {
    for (let n = 2; n <= RETRIES + 1; n += 1) {
      await clock.sleep(RETRY_AFTER_MS * deps.retryScale, signal)
      if (await attempt(call, event, body, n)) return
    }
  }

  async function deliver(call: Call, event: CallbackEvent, body: CallbackBody, lateMs: number) {
    if (lateMs > 0) await clock.sleep(lateMs, signal)
    const delivered = await attempt(call, event, body, 1)
    queueOf(call.sid).first.resolve(undefined)
    if (!delivered) track(retry(call, event, body))
  }

  function track(work: Promise<void>): void {
    pending.add(work)
    void work.finally(() => pending.delete(work))
  }

  return {
    notify(event, call) {
      if (!call.callback || !isSubscribed(call, event)) return
      const strikes = (fault: { event?: CallbackEvent | undefined }) =>
        fault.event === undefined || fault.event === event
      if (faults.of('missing', call).some(strikes)) return
      const nullStatus = faults.of('null_status', call).some(strikes)
      const body = callbackBody({ event, call, atMs: clock.now(), nullStatus })
      const times = faults.of('twice', call).some(strikes) ? 2 : 1
      const late = faults.of('late', call).filter(strikes)
      const lateMs = late.reduce((sum, fault) => sum + fault.ms, 0)
      const queue = queueOf(call.sid)
      const send = async () => {
        for (let n = 0; n < times; n += 1) await deliver(call, event, body, lateMs)
      }
      if (faults.of('reordered', call).length > 0 && event !== 'terminal') {
        const before = queue.held
        queue.held = () => {
          before?.()
          queue.tail = queue.tail.then(send)
          track(queue.tail)
        }
        return
      }
      queue.tail = queue.tail.then(send)
      track(queue.tail)
      queue.held?.()
      queue.held = null
    },
    firstTried: (sid) => queueOf(sid).first.promise,
    async close() {
      await Promise.allSettled(pending)
    },
  }
}
