import { CallwireError, errorFrom, noAnswer } from './error.ts'

export type TransportOptions = {
  /** The gateway's origin, e.g. `https://calls.example.in`. */
  baseUrl: string
  /** A session's access token or an API key. */
  token?: string
  fetch?: typeof fetch
  timeoutMs?: number
}

export type Query = Readonly<Record<string, string | number | undefined>>
export type RequestOptions = {
  query?: Query
  body?: unknown
  headers?: Record<string, string>
  /** The request may be sent again: it changes nothing, or carries an Idempotency-Key. */
  repeatable?: boolean
}

export type Transport = {
  request: <T>(method: string, path: string, options?: RequestOptions) => Promise<T>
}

/** Longer than the gateway's own limit, so that its answer is the one that is read. */
const DEFAULT_TIMEOUT_MS = 20_000
/** Tries of a repeatable request in all. */
const MAX_TRIES = 3
/** Waits between them, unless the answer names one. */
const RETRY_DELAYS_MS = [200, 1_000]
/** A Retry-After beyond this is the caller's to wait for. */
const LONGEST_WAIT_MS = 5_000

/** Sends requests to `/api/v1` and opens their envelopes. @throws CallwireError */
export function createTransport(options: TransportOptions): Transport {
  const send = options.fetch ?? fetch
  const base = new URL('/api/v1/', options.baseUrl)

  const once = async (method: string, path: string, o: RequestOptions): Promise<unknown> => {
    const url = new URL(path, base)
    for (const [name, value] of Object.entries(o.query ?? {})) {
      if (value !== undefined) url.searchParams.set(name, String(value))
    }
    const response = await send(url, {
      method,
      headers: {
        accept: 'application/json',
        ...(options.token === undefined ? {} : { authorization: `Bearer ${options.token}` }),
        ...(o.body === undefined ? {} : { 'content-type': 'application/json' }),
        ...o.headers,
      },
      ...(o.body === undefined ? {} : { body: JSON.stringify(o.body) }),
      redirect: 'error',
      signal: AbortSignal.timeout(options.timeoutMs ?? DEFAULT_TIMEOUT_MS),
    })
    if (response.status === 204) return undefined
    const body: unknown = await response.json().catch(() => null)
    if (!response.ok) throw errorFrom(response.status, body, response.headers.get('retry-after'))
    if (typeof body !== 'object' || body === null || !('data' in body)) {
      throw errorFrom(response.status, body, null)
    }
    return body.data
  }

  return {
    request: async <T>(method: string, path: string, o: RequestOptions = {}) => {
      for (let attempt = 1; ; attempt += 1) {
        try {
          return (await once(method, path, o)) as T
        } catch (error) {
          const failure = error instanceof CallwireError ? error : noAnswer()
          const waitMs = failure.retryAfterMs ?? RETRY_DELAYS_MS[attempt - 1] ?? 0
          const again = o.repeatable === true && failure.retryable && attempt < MAX_TRIES
          if (!again || waitMs > LONGEST_WAIT_MS) throw failure
          await new Promise((resolve) => setTimeout(resolve, waitMs))
        }
      }
    },
  }
}
