import { failureSchema, type ErrorCode } from '@callwire/contracts'

/**
 * A request that did not succeed, or a message that is not Callwire's. `code` is one of the closed
 * set, or says that no answer came or that a signature is wrong.
 */
export class CallwireError extends Error {
  override readonly name = 'CallwireError'
  readonly code: ErrorCode | 'network' | 'unreadable_answer' | 'bad_signature'
  /** HTTP status, or 0 when there was no answer. */
  readonly status: number
  readonly requestId: string | null
  readonly details: Readonly<Record<string, unknown>>
  readonly retryAfterMs: number | null

  constructor(o: {
    code: CallwireError['code']
    message: string
    status: number
    requestId?: string
    details?: Record<string, unknown>
    retryAfterMs?: number | null
  }) {
    super(o.message)
    this.code = o.code
    this.status = o.status
    this.requestId = o.requestId ?? null
    this.details = o.details ?? {}
    this.retryAfterMs = o.retryAfterMs ?? null
  }

  /** Whether the same request may succeed a little later. */
  get retryable(): boolean {
    // The first of two equal requests may be running still: its answer is ready soon.
    if (this.code === 'network' || this.code === 'idempotency_in_progress') return true
    return passing.has(this.status)
  }
}

/** Too many, away, and what a proxy says when whoever is behind it is away. */
const passing: ReadonlySet<number> = new Set([429, 502, 503, 504])

/** Reads a failure's envelope; an answer that has none is named, never quoted. */
export function errorFrom(status: number, body: unknown, retryAfter: string | null): CallwireError {
  const parsed = failureSchema.safeParse(body)
  const seconds = Number(retryAfter)
  const retryAfterMs = retryAfter !== null && Number.isFinite(seconds) ? seconds * 1000 : null
  if (!parsed.success) {
    return new CallwireError({
      code: 'unreadable_answer',
      message: `The answer (HTTP ${String(status)}) is not Callwire's`,
      status,
      retryAfterMs,
    })
  }
  const { code, message, requestId, details } = parsed.data.error
  return new CallwireError({
    code,
    message,
    status,
    requestId,
    details: details ?? {},
    retryAfterMs,
  })
}

/** What fetch throws may name the address and more: only that there was no answer is passed on. */
export function noAnswer(): CallwireError {
  return new CallwireError({ code: 'network', message: 'No answer from the gateway', status: 0 })
}
