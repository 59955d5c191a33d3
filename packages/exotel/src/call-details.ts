import type { CallStatus } from '@callwire/contracts'
import { callStatusOf, v3StatusOf } from './call-status.ts'
import { parseExotelTime } from './exotel-time.ts'
import { isFields, pick, secondsOf, textOf } from './fields.ts'

/** One party's part in a call, as far as Exotel tells. */
export type Leg = {
  status: CallStatus | null
  onCallSeconds: number | null
  /** `human`, `machine`, `notsure`: who picked up, where Exotel listened for it. */
  answeredBy: string | null
  /** Why the leg ended, in the network's words or by its code (`normal_clearing`, `16`). */
  cause: string | null
}

/** A call in Exotel's books. Numbers are as Exotel writes them. */
export type ExotelCall = {
  sid: string
  status: CallStatus | null
  from: string | null
  to: string | null
  /** Our phone's number, which Exotel calls `PhoneNumberSid`. */
  phoneNumber: string | null
  direction: string | null
  createdAtMs: number | null
  startedAtMs: number | null
  endedAtMs: number | null
  durationSeconds: number | null
  recordingUrl: string | null
  legs: Leg[]
}

/** The part of call details v3 that v1 has not: what we wrote on the call ourselves. */
export type ExotelCallV3 = {
  sid: string
  customField: string | null
  /** False while the call is under way. */
  terminal: boolean
  status: CallStatus | null
  durationSeconds: number | null
  talkSeconds: number | null
}

export function parseCallDetails(json: unknown): ExotelCall | null {
  return parseCall(pick(json, 'Call'))
}

export function parseCall(call: unknown): ExotelCall | null {
  const sid = textOf(pick(call, 'Sid'), 128)
  if (sid === undefined) return null
  const details = pick(call, 'Details')
  const status = callStatusOf(pick(call, 'Status'))
  return {
    sid,
    status,
    from: textOf(pick(call, 'From'), 64) ?? null,
    to: textOf(pick(call, 'To'), 64) ?? null,
    phoneNumber: textOf(pick(call, 'PhoneNumberSid', 'PhoneNumber'), 64) ?? null,
    direction: textOf(pick(call, 'Direction'), 32) ?? null,
    createdAtMs: parseExotelTime(pick(call, 'DateCreated')),
    startedAtMs: parseExotelTime(pick(call, 'StartTime')),
    endedAtMs: parseExotelTime(pick(call, 'EndTime')),
    durationSeconds:
      secondsOf(pick(details, 'ConversationDuration')) ?? secondsOf(pick(call, 'Duration')) ?? null,
    recordingUrl: textOf(pick(call, 'RecordingUrl'), 2_048) ?? null,
    legs: parseLegs(pick(details, 'Legs') ?? pick(call, 'Legs'), details),
  }
}

/** A page of the call list: its calls and the cursor of the next page. */
export function parseCallList(json: unknown): { calls: ExotelCall[]; after: string | null } | null {
  const calls = pick(json, 'Calls')
  if (!Array.isArray(calls)) return null
  const next = pick(pick(json, 'Metadata'), 'NextPageUri') ?? pick(json, 'NextPageUri')
  return {
    calls: calls.flatMap((call) => parseCall(call) ?? []),
    after: cursorOf(textOf(next, 2_048)),
  }
}

export function parseCallDetailsV3(json: unknown): ExotelCallV3 | null {
  const details = pick(pick(json, 'response'), 'call_details')
  const sid = textOf(pick(details, 'sid'), 128)
  if (sid === undefined) return null
  const terminal = textOf(pick(details, 'state'), 32)?.toLowerCase() === 'terminal'
  return {
    sid,
    customField: textOf(pick(details, 'custom_field'), 512) ?? null,
    terminal,
    status: terminal ? v3StatusOf(pick(details, 'status')) : null,
    durationSeconds: secondsOf(pick(details, 'total_duration')) ?? null,
    talkSeconds: secondsOf(pick(details, 'total_talk_time')) ?? null,
  }
}

/** No call has more; a longer list is not worth its memory. */
const maxLegs = 16

/** `[{Status}]`, `[{Leg: {…}}]` (call details) or text of either; `Leg1Status` beside it. */
export function parseLegs(value: unknown, beside?: unknown): Leg[] {
  const list = typeof value === 'string' ? jsonList(value) : value
  if (!Array.isArray(list)) return []
  return (list as unknown[]).slice(0, maxLegs).map((item, index) => {
    const leg = isFields(pick(item, 'Leg')) ? pick(item, 'Leg') : item
    return {
      status: callStatusOf(pick(leg, 'Status') ?? pick(beside, `Leg${index + 1}Status`)),
      onCallSeconds: secondsOf(pick(leg, 'OnCallDuration')) ?? null,
      answeredBy: wordOf(pick(leg, 'AnsweredBy')),
      cause: wordOf(pick(leg, 'Cause')) ?? wordOf(pick(leg, 'CauseCode')),
    }
  })
}

/** One word, or a code of at most three digits; `NA`, and what might hold a number, is nothing. */
function wordOf(value: unknown): string | null {
  const word =
    textOf(value, 32)
      ?.toLowerCase()
      .replace(/[\s-]+/g, '_') ?? ''
  return word !== 'na' && /^(?:[a-z][a-z_]*|\d{1,3})$/.test(word) ? word : null
}

function jsonList(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

function cursorOf(uri: string | undefined): string | null {
  if (uri === undefined) return null
  return new URLSearchParams(uri.split('?')[1] ?? '').get('After')
}
