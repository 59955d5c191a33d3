import {
  callTopic,
  type CallEvent,
  type ErrorCode,
  type Interim,
  type SocketErrorCode,
} from '@callwire/contracts'
import { CallwireError } from './error.ts'
import { openConsumer } from './consumer-connection.ts'

export type Followed =
  | { type: 'event'; event: CallEvent }
  | { type: 'interim'; interim: Interim }
  /** The connection was lost and is being made again; nothing will be missed. */
  | { type: 'reconnecting'; inMs: number }

export type FollowOptions = {
  /** `ws://` or `wss://` origin. */
  url: string
  /** A session, an API key, or a ticket; a function is asked again at every connection. */
  token: string | (() => Promise<string>)
  callId: string
  /** The last seq already known; 0, the default, follows from the start. */
  after?: number
  signal?: AbortSignal
}

/** Waits between connections, growing to the last. */
const RECONNECT_MS = [100, 500, 1_000, 2_000, 5_000]
const UNAUTHENTICATED = 4401

/**
 * Follows a call: every event once, in order, across reconnects; interims as they come. Ends when
 * `signal` aborts or the reader stops.
 *
 * @throws CallwireError `unauthenticated`, `not_found` or `forbidden`; `validation_failed` when
 *   `after` is no whole number or lies beyond the call's last event
 */
export async function* followCall(options: FollowOptions): AsyncGenerator<Followed> {
  let after = options.after ?? 0
  if (!Number.isSafeInteger(after) || after < 0) {
    throw refusal('validation_failed', 'after must be a whole number from 0')
  }
  let failures = 0
  while (options.signal?.aborted !== true) {
    const token = typeof options.token === 'string' ? options.token : await options.token()
    for await (const followed of followOnce(options, token, after)) {
      failures = 0
      if (followed.type === 'event') after = followed.event.seq
      yield followed
    }
    if (isAborted(options.signal)) return
    const inMs = RECONNECT_MS[Math.min(failures, RECONNECT_MS.length - 1)] ?? 0
    failures += 1
    yield { type: 'reconnecting', inMs }
    await new Promise((resolve) => setTimeout(resolve, inMs))
  }
}

async function* followOnce(
  options: FollowOptions,
  token: string,
  after: number,
): AsyncGenerator<Followed> {
  const items: Followed[] = []
  const state: { over: boolean; refusal: CallwireError | null } = { over: false, refusal: null }
  let wake = Promise.withResolvers<null>()
  const nudge = () => {
    wake.resolve(null)
    wake = Promise.withResolvers()
  }
  let expected = after + 1
  const topic = callTopic(options.callId)

  const connection = openConsumer(options.url, token, (message) => {
    if (message.type === 'authenticated') connection.send({ type: 'subscribe', topic, after })
    else if (message.type === 'subscribed' && !message.recovered) {
      // Waiting on would be a silent hole: events up to `after` were never this call's.
      state.refusal = refusal('validation_failed', `The call has only ${message.seq} events so far`)
    } else if (message.type === 'interim') items.push({ type: 'interim', interim: message.data })
    else if (message.type === 'event' && 'seq' in message.event) {
      // The server promises order without gaps; should it break that promise, the ledger is asked again.
      if (message.event.seq > expected) connection.close()
      if (message.event.seq !== expected) return
      expected += 1
      items.push({ type: 'event', event: message.event })
    } else if (message.type === 'error') {
      state.refusal = refusal(refusalCodes[message.code], message.message)
    }
    nudge()
  })
  const abort = () => connection.close()
  options.signal?.addEventListener('abort', abort, { once: true })
  void connection.closed.then((code) => {
    state.over = true
    if (code === UNAUTHENTICATED) {
      state.refusal ??= new CallwireError({
        code: 'unauthenticated',
        message: 'The token is not accepted',
        status: 401,
      })
    }
    nudge()
  })
  try {
    for (;;) {
      const next = wake.promise
      while (items.length > 0) {
        const item = items.shift()
        if (item !== undefined) yield item
      }
      if (state.refusal !== null) throw state.refusal
      if (state.over) return
      await next
    }
  } finally {
    options.signal?.removeEventListener('abort', abort)
    connection.close()
  }
}

/** The socket's codes in the words of REST; no HTTP status came with them. */
const refusalCodes = {
  unauthenticated: 'unauthenticated',
  forbidden: 'forbidden',
  not_found: 'not_found',
  bad_message: 'validation_failed',
  too_many_topics: 'rate_limited',
} as const satisfies Record<SocketErrorCode, ErrorCode>

function refusal(code: ErrorCode, message: string): CallwireError {
  return new CallwireError({ code, message, status: 0 })
}

// It changes behind the type checker's back.
function isAborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true
}
