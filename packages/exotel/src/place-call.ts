import type { Clock } from '@callwire/runtime'
import type { ExotelAccount } from './account.ts'
import {
  isRejection,
  parseJson,
  rateLimited,
  rejection,
  xmlText,
  type RateLimited,
  type Rejected,
} from './answer.ts'
import type { Exchange, LostReason } from './exchange.ts'
import { pick, textOf } from './fields.ts'

/**
 * What is known after trying to place a call. `unknown` means that Exotel may have placed it:
 * whoever gets it must ask, never send again.
 */
export type PlaceCallOutcome =
  | { kind: 'placed'; sid: string }
  | Rejected
  | { kind: 'protocol_error'; httpStatus: number }
  | RateLimited
  | { kind: 'not_sent'; reason: 'connect_failed' | 'deadline' }
  | { kind: 'unknown'; reason: LostReason | 'server_error' | 'request_timeout' }

/** Pure: the outcome of an exchange with `Calls/connect`. */
export function placeCallOutcome(
  result: Exchange,
  account: ExotelAccount,
  clock: Clock,
): PlaceCallOutcome {
  if (result.kind === 'not_sent') return result
  if (result.kind === 'lost') return { kind: 'unknown', reason: result.reason }
  const { status, body } = result
  if (status === 429) return rateLimited(result, clock)
  if (status === 408) return { kind: 'unknown', reason: 'request_timeout' }
  if (isRejection(status)) return rejection(result, account)
  if (status >= 500) return { kind: 'unknown', reason: 'server_error' }
  if (status >= 300) return { kind: 'protocol_error', httpStatus: status }
  if (body.kind === 'lost') return { kind: 'unknown', reason: body.reason }
  const sid = sidIn(body.text)
  return sid === null ? { kind: 'unknown', reason: 'unreadable' } : { kind: 'placed', sid }
}

/** Sids are opaque: hexadecimal for the most part, but not always. */
const sidPattern = /^[A-Za-z0-9_-]{1,128}$/

/** `Call.Sid` of the answer, JSON or (Exotel's default) XML. */
function sidIn(text: string): string | null {
  const json = parseJson(text)
  const sid = textOf(pick(pick(json, 'Call'), 'Sid'), 128) ?? xmlText(text, 'Sid')
  return sid !== undefined && sidPattern.test(sid) ? sid : null
}
