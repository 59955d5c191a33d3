import type { Clock } from '@callwire/runtime'
import type { ExotelAccount } from './account.ts'
import type { Exchange } from './exchange.ts'
import { pick, textOf } from './fields.ts'
import { scrubSentence } from './scrub-sentence.ts'

/** A refusal that stands: asking again the same way would be refused again. */
export type Rejected = {
  kind: 'rejected'
  code: 'provider_auth' | 'provider_forbidden' | 'provider_rejected'
  httpStatus: number
  message: string
}

export type RateLimited = { kind: 'rate_limited'; retryAfterMs: number | null }

type Answered = Extract<Exchange, { kind: 'answered' }>

/** Whether a status means "refused for good": every 4xx but 408 (timeout) and 429 (too many). */
export function isRejection(status: number): boolean {
  return status >= 400 && status < 500 && status !== 408 && status !== 429
}

export function rejection(answered: Answered, account: ExotelAccount): Rejected {
  const httpStatus = answered.status
  if (httpStatus === 401) {
    const message = 'Invalid Exotel credentials'
    return { kind: 'rejected', code: 'provider_auth', httpStatus, message }
  }
  const code = httpStatus === 403 ? 'provider_forbidden' : 'provider_rejected'
  const sentence = scrubSentence(sentenceIn(answered), account)
  const message = sentence === '' ? `Exotel refused the request (HTTP ${httpStatus}).` : sentence
  return { kind: 'rejected', code, httpStatus, message }
}

/** `Retry-After` (RFC 9110 §10.2.3): seconds or a date. An hour is the longest that is believed. */
export function rateLimited(answered: Answered, clock: Clock): RateLimited {
  const text = answered.retryAfter?.trim() ?? ''
  const ms = /^\d{1,9}$/.test(text) ? Number(text) * 1000 : Date.parse(text) - clock.now()
  return { kind: 'rate_limited', retryAfterMs: isWait(ms, text) ? Math.min(ms, 3_600_000) : null }
}

function isWait(ms: number, text: string): boolean {
  return text !== '' && Number.isFinite(ms) && ms >= 0
}

/** JSON text as a value; undefined when it is none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\ufeff/, '')) as unknown
  } catch {
    return undefined
  }
}

/** The text of an XML element, for answers that come as XML all the same. */
export function xmlText(xml: string, element: string): string | undefined {
  const match = new RegExp(`<${element}>([^<>]{1,2000})</${element}>`, 'i').exec(xml)
  return textOf(match?.[1], 2_000)
}

/** Exotel's own words: `RestException.Message` in v1, `error_data` in v3, also in XML. */
function sentenceIn({ body }: Answered): string {
  if (body.kind === 'lost') return ''
  const json = parseJson(body.text)
  const v1 = pick(pick(json, 'RestException'), 'Message')
  const v3 = pick(pick(pick(json, 'response'), 'error_data'), 'message', 'description')
  return textOf(v1, 4_000) ?? textOf(v3, 4_000) ?? xmlText(body.text, 'Message') ?? ''
}
