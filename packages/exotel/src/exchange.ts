import type { Dispatcher } from 'undici'
import type { KeptConnections, Line } from './kept-connections.ts'

/** What became of one HTTP request, as far as this side can know. */
export type Exchange =
  | { kind: 'not_sent'; reason: 'connect_failed' | 'deadline' }
  | { kind: 'lost'; reason: LostReason }
  | { kind: 'answered'; status: number; retryAfter: string | undefined; body: Body }

export type LostReason = 'timeout' | 'reset' | 'unreadable'

/** The status line counts even when the body is cut off. */
export type Body = { kind: 'text'; text: string } | { kind: 'lost'; reason: LostReason }

export type ExchangeRequest = {
  origin: string
  method: 'GET' | 'POST'
  path: string
  headers: Record<string, string>
  body?: string
  /** For everything from the start of the connection to the last byte of the answer. */
  timeoutMs: number
  /** Asked on the connected socket, synchronously before the first byte is written. */
  beforeFirstByte: () => boolean
}

/** Exotel's largest documented answer, a page of 100 calls, is a fraction of this. */
const maxBodyBytes = 256 * 1024

/**
 * One request on a connection that nobody else uses meanwhile. It is closed when this ends, unless
 * the answer was whole. Redirects are not followed. Never rejects.
 */
export async function exchange(
  request: ExchangeRequest,
  connections: KeptConnections,
): Promise<Exchange> {
  try {
    const line = connections.take(request.origin)
    const { outcome, isWhole } = await dispatch(line, request)
    if (isWhole) connections.keep(request.origin, line)
    else line.connection.end()
    return outcome
  } catch {
    // Only arguments the library refuses end here, before it has connected.
    return { kind: 'not_sent', reason: 'connect_failed' }
  }
}

type State = {
  phase: 'connecting' | 'refused' | 'sent'
  status: number | null
  retryAfter: string | undefined
  chunks: Buffer[]
  bytes: number
}

async function dispatch(
  { client, connection }: Line,
  request: ExchangeRequest,
): Promise<{ outcome: Exchange; isWhole: boolean }> {
  const { promise, resolve } = Promise.withResolvers<{ outcome: Exchange; isWhole: boolean }>()
  const state: State = {
    phase: 'connecting',
    status: null,
    retryAfter: undefined,
    chunks: [],
    bytes: 0,
  }
  /** From here on not a byte goes out or comes in. */
  const end = (outcome: Exchange) => {
    connection.end()
    resolve({ outcome, isWhole: false })
  }
  const timer = setTimeout(() => end(failed(state, 'timeout')), request.timeoutMs)
  const handler: Dispatcher.DispatchHandler = {
    // undici 8 calls this on the connected socket (after TLS) and writes right after it returns;
    // an abort in here leaves the socket without a byte.
    onRequestStart(controller) {
      if (isGo(request.beforeFirstByte)) {
        state.phase = 'sent'
      } else {
        state.phase = 'refused'
        controller.abort(new Error('refused'))
      }
    },
    onResponseStart(_controller, status, headers) {
      if (status < 200) return
      state.status = status
      const retryAfter = headers['retry-after']
      state.retryAfter = Array.isArray(retryAfter) ? retryAfter[0] : retryAfter
    },
    onResponseData(_controller, chunk) {
      state.bytes += chunk.length
      if (state.bytes <= maxBodyBytes) state.chunks.push(chunk)
      else end(failed(state, 'unreadable'))
    },
    onResponseEnd() {
      resolve({ outcome: ended(state), isWhole: true })
    },
    onResponseError(_controller, error) {
      end(failed(state, isParserError(error) ? 'unreadable' : 'reset'))
    },
  }
  const { method, path, headers, body } = request
  try {
    client.dispatch({ method, path, headers, body: body ?? null }, handler)
    return await promise
  } catch (error) {
    connection.end()
    throw error
  } finally {
    clearTimeout(timer)
  }
}

function isGo(beforeFirstByte: () => boolean): boolean {
  try {
    return beforeFirstByte()
  } catch {
    return false
  }
}

function failed(state: State, reason: LostReason): Exchange {
  if (state.phase === 'refused') return { kind: 'not_sent', reason: 'deadline' }
  if (state.phase === 'connecting') return { kind: 'not_sent', reason: 'connect_failed' }
  if (state.status === null) return { kind: 'lost', reason }
  const { status, retryAfter } = state
  return { kind: 'answered', status, retryAfter, body: { kind: 'lost', reason } }
}

function ended({ status, retryAfter, chunks }: State): Exchange {
  if (status === null) return { kind: 'lost', reason: 'unreadable' }
  const text = Buffer.concat(chunks).toString('utf8')
  return { kind: 'answered', status, retryAfter, body: { kind: 'text', text } }
}

function isParserError(error: unknown): boolean {
  return error instanceof Error && error.name === 'HTTPParserError'
}
