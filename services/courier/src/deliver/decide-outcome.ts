import type { WebhookErrorCode } from '@callwire/contracts'
import type { Random } from '@callwire/runtime'
import type { Answer } from '../send/sender.ts'
import { askedWaitMs, nextWaitMs } from './back-off.ts'

/** Why nothing was sent. */
export type NotSent = Extract<
  WebhookErrorCode,
  'url_invalid' | 'secret_unreadable' | 'subject_gone'
>

/** Nothing gets through for so long: the endpoint is turned off (standardwebhooks.com). */
export const FAILING_FOR_MS = 5 * 86_400_000
/**
 * Of an endpoint that is rarely told anything, two attempts may lie days apart and the host may have
 * been up in between: the message at hand must have failed as often as this.
 */
const FAILED_AT_LEAST = 3

/** What an attempt came to: an answer, or a reason for which nothing was sent. */
export type Attempted = Answer | { kind: 'not_sent'; error: NotSent }

export type Outcome = {
  /** What becomes of the delivery; with `retry`, after so many ms. */
  readonly delivery: { state: 'delivered' } | { state: 'dead' } | { state: 'retry'; waitMs: number }
  readonly status: number | null
  readonly error: WebhookErrorCode | null
  /** What the attempt says of the endpoint: nothing, when the fault is ours. */
  readonly endpoint: 'works' | 'fails' | 'untried'
  /** Turns the endpoint off. */
  readonly disable: 'gone' | 'failing' | null
}

/**
 * What becomes of a delivery and of its endpoint.
 *
 * @param o.attempts - with this one, from 1
 * @param o.failingSinceMs - since when nothing got through to the endpoint; null while it did
 */
export function decideOutcome(
  attempted: Attempted,
  o: { attempts: number; failingSinceMs: number | null; nowMs: number; random: Random },
): Outcome {
  if (attempted.kind === 'answered' && attempted.status >= 200 && attempted.status < 300) {
    const { status } = attempted
    return {
      delivery: { state: 'delivered' },
      status,
      error: null,
      endpoint: 'works',
      disable: null,
    }
  }
  const status = attempted.kind === 'answered' ? attempted.status : null
  const error = errorOf(attempted)
  // Whoever answers so has said that nothing is wanted any more.
  if (error === 'gone') {
    return { delivery: { state: 'dead' }, status, error, endpoint: 'fails', disable: 'gone' }
  }
  if (error === 'subject_gone') {
    return { delivery: { state: 'dead' }, status, error, endpoint: 'untried', disable: null }
  }
  const header = attempted.kind === 'answered' ? attempted.retryAfter : null
  const waitMs = nextWaitMs(o.attempts, askedWaitMs(header, o.nowMs), o.random)
  const untried = error === 'secret_unreadable'
  const failing =
    !untried &&
    o.failingSinceMs !== null &&
    o.nowMs - o.failingSinceMs >= FAILING_FOR_MS &&
    o.attempts >= FAILED_AT_LEAST
  return {
    delivery: waitMs === null ? { state: 'dead' } : { state: 'retry', waitMs },
    status,
    error,
    endpoint: untried ? 'untried' : 'fails',
    disable: failing ? 'failing' : null,
  }
}

/**
 * What stands for an outcome that the database refuses for good: the message is tried again by the
 * table, and nothing is said of the endpoint.
 *
 * @param o.attempts - with this one, from 1
 */
export function unrecorded(o: { attempts: number; random: Random }): Outcome {
  const waitMs = nextWaitMs(o.attempts, null, o.random)
  return {
    delivery: waitMs === null ? { state: 'dead' } : { state: 'retry', waitMs },
    status: null,
    error: 'not_recorded',
    endpoint: 'untried',
    disable: null,
  }
}

function errorOf(attempted: Attempted): WebhookErrorCode {
  if (attempted.kind !== 'answered') return attempted.error
  if (attempted.status === 410) return 'gone'
  return attempted.status >= 300 && attempted.status < 400 ? 'redirected' : 'http_status'
}
