import type { CallStatus } from '@callwire/contracts'
import { parseJson } from './answer.ts'
import { parseLegs, type Leg } from './call-details.ts'
import { callStatusOf } from './call-status.ts'
import { parseExotelTime } from './exotel-time.ts'
import { isFields, pick, pickEvery, secondsOf, textOf, type Fields } from './fields.ts'

/** What Exotel's status callback says. Only `callSid` is certain; design for nothing more. */
export type StatusCallback = {
  callSid: string
  /** Null for a status that is missing or not known: no news, and no end. */
  status: CallStatus | null
  /** `terminal`, `answered` or whatever else it says, in lower case. */
  eventType?: string
  durationSeconds?: number
  recordingUrl?: string
  customField?: string
  from?: string
  to?: string
  direction?: string
  updatedAtMs?: number
  legs?: Leg[]
}

export type ParsedCallback =
  | { kind: 'ok'; callback: StatusCallback }
  | { kind: 'invalid'; reason: 'not_an_object' | 'no_call_sid' | 'bad_call_sid' | 'two_call_sids' }

const callSidPattern = /^[A-Za-z0-9_-]{1,128}$/

/**
 * Reads a status callback from its fields: a form's (`Legs[0][Status]` and so on; a list where a
 * field came twice, of which the last counts), a JSON object, or the text of either. The content
 * type decides only how text is read. Which call it speaks of must be beyond doubt: two different
 * Sids are believed neither. Never throws.
 */
export function parseStatusCallback(contentType: string, body: unknown): ParsedCallback {
  const fields = fieldsOf(contentType, body)
  if (fields === null) return { kind: 'invalid', reason: 'not_an_object' }
  const [callSid, another] = callSidsOf(fields)
  if (another !== undefined) return { kind: 'invalid', reason: 'two_call_sids' }
  if (callSid === undefined) return { kind: 'invalid', reason: 'no_call_sid' }
  if (!callSidPattern.test(callSid)) return { kind: 'invalid', reason: 'bad_call_sid' }
  return { kind: 'ok', callback: { callSid, status: statusOf(fields), ...extras(fields) } }
}

function callSidsOf(fields: Fields): string[] {
  return [...new Set(pickEvery(fields, 'CallSid').flatMap((value) => textOf(value, 1_024) ?? []))]
}

function statusOf(fields: Fields): CallStatus | null {
  const status = callStatusOf(pick(fields, 'Status', 'CallStatus'))
  // An `answered` event says all there is to say even when its status is lost.
  if (status === null && eventTypeOf(fields) === 'answered') return 'in-progress'
  return status
}

function eventTypeOf(fields: Fields): string | undefined {
  return textOf(pick(fields, 'EventType'), 64)?.toLowerCase()
}

function extras(fields: Fields): Omit<StatusCallback, 'callSid' | 'status'> {
  const legs = formLegsOf(fields)
  return defined({
    eventType: eventTypeOf(fields),
    durationSeconds: secondsOf(
      pick(fields, 'ConversationDuration', 'Duration', 'DialCallDuration'),
    ),
    recordingUrl: textOf(pick(fields, 'RecordingUrl'), 2_048),
    customField: textOf(pick(fields, 'CustomField'), 512),
    from: textOf(pick(fields, 'From', 'CallFrom'), 64),
    to: textOf(pick(fields, 'To', 'CallTo'), 64),
    direction: textOf(pick(fields, 'Direction'), 32),
    updatedAtMs: parseExotelTime(pick(fields, 'DateUpdated')) ?? undefined,
    legs: legs.length === 0 ? undefined : legs,
  })
}

/** What is told of the call's sides, in whichever way. */
export function formLegsOf(fields: Fields): Leg[] {
  return parseLegs(pick(fields, 'Legs') ?? formLegs(fields))
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> }

function defined<T extends object>(fields: T): Defined<T> {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined)
  return Object.fromEntries(entries) as Defined<T>
}

/** `Legs[0][Status]=…` of a form as the list it stands for. */
function formLegs(fields: Fields): Fields[] {
  const legs: Fields[] = []
  for (const [name, value] of Object.entries(fields)) {
    const match = /^legs\[(\d)\]\[(\w{1,32})\]$/i.exec(name.trim())
    const [, index, field] = match ?? []
    if (index === undefined || field === undefined) continue
    const leg = (legs[Number(index)] ??= {})
    leg[field] = value
  }
  return Array.from(legs, (leg: Fields | undefined) => leg ?? {})
}

function fieldsOf(contentType: string, body: unknown): Fields | null {
  if (isFields(body) && !(body instanceof Uint8Array)) return body
  if (typeof body !== 'string' && !(body instanceof Uint8Array)) return null
  const text = typeof body === 'string' ? body : Buffer.from(body).toString('utf8')
  if (/json/i.test(contentType)) {
    const json = parseJson(text)
    return isFields(json) ? json : null
  }
  if (!/urlencoded/i.test(contentType)) return null
  return Object.fromEntries(new URLSearchParams(text.replace(/^\ufeff/, '')))
}
