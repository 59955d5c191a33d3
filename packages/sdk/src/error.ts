import { failureSchema, type ErrorCode } from '@callwire/contracts'

/** A request that did not succeed. `code` is one of the closed set, or says that no answer came. */
export class CallwireError extends Error {
  override readonly name = 'CallwireError'
  readonly code: ErrorCode | 'network' | 'unreadable_answer'
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
    return this.code === 'network' || this.status === 429 || this.status === 503
  }
}

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
