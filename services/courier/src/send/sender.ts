import { Agent, type Dispatcher } from 'undici'
import { FORBIDDEN, guardedLookup, type Resolve } from './guarded-lookup.ts'
import { sendErrorOf, type SendError } from './send-error.ts'
import type { Target } from './target.ts'

/** What a host made of a message, as far as this side can know. */
export type Answer =
  | { readonly kind: 'answered'; readonly status: number; readonly retryAfter: string | null }
  | { readonly kind: 'failed'; readonly error: SendError }

export type Sender = {
  /** One POST. Redirects are not followed, and the answer's body is not read. Never rejects. */
  send(target: Target, o: { headers: Record<string, string>; body: string }): Promise<Answer>
  /** Cuts what is still on its way. */
  close(): Promise<void>
}

/** Enough for a slow handshake; whoever needs longer gets the next attempt. */
const connectTimeoutMs = 10_000
/** Nobody needs the answer's body; reading this much lets the connection serve again. */
const bodyBytes = 16 * 1024
const bodyMs = 1_000
/** Shorter than what receivers commonly allow: a connection closed under us costs an attempt. */
const keepAliveMs = 4_000

/**
 * Speaks to strangers' hosts. Guarded and other targets never share a connection.
 *
 * @param o.timeoutMs - from the start of the connection to the status line
 */
export function createSender(o: {
  /** The addresses of strangers' hosts. */
  resolve: Resolve
  /** Those of hosts that the operator named. */
  resolveNamed: Resolve
  mayReach: (address: string) => boolean
  timeoutMs: number
}): Sender {
  const { resolve, mayReach } = o
  const guarded = agent({ lookup: guardedLookup(resolve, mayReach) })
  const open = agent({ lookup: guardedLookup(o.resolveNamed, () => true) })

  return {
    send: async (target, { headers, body }) => {
      // An address is connected to without any look-up.
      if (target.guarded && target.literal !== null && !mayReach(target.literal)) {
        return {
          kind: 'failed',
          error: sendErrorOf(Object.assign(new Error(), { code: FORBIDDEN })),
        }
      }
      try {
        const response = await (target.guarded ? guarded : open).request({
          origin: target.origin,
          path: target.path,
          method: 'POST',
          headers,
          body,
          signal: AbortSignal.timeout(o.timeoutMs),
        })
        void discard(response.body)
        return { kind: 'answered', status: response.statusCode, retryAfter: retryAfter(response) }
      } catch (error) {
        return { kind: 'failed', error: sendErrorOf(error) }
      }
    },
    close: async () => {
      await Promise.all([guarded.destroy(), open.destroy()])
    },
  }
}

function agent(connect: { lookup: ReturnType<typeof guardedLookup> }): Agent {
  return new Agent({
    allowH2: false,
    pipelining: 1,
    keepAliveTimeout: keepAliveMs,
    keepAliveMaxTimeout: keepAliveMs,
    // The signal of each request bounds all of it.
    headersTimeout: 0,
    bodyTimeout: 0,
    connect: { ...connect, timeout: connectTimeoutMs },
  })
}

async function discard(body: Dispatcher.ResponseData['body']): Promise<void> {
  try {
    await body.dump({ limit: bodyBytes, signal: AbortSignal.timeout(bodyMs) })
  } catch {
    // Too long or too slow: the connection was closed, and the status stands.
  }
}

function retryAfter({ headers }: Dispatcher.ResponseData): string | null {
  const value = headers['retry-after']
  return (Array.isArray(value) ? value[0] : value) ?? null
}
