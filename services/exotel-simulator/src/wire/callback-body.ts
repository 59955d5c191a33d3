import { randomUUID } from 'node:crypto'
import { type Call, type CallbackEvent, type CallStatus, talkSeconds } from '../state/call.ts'
import { callDirection, callRecordingUrl, conversationSeconds } from './call-v1.ts'
import { formatIst } from './ist.ts'
import { toWireNumber } from './phone-number.ts'

/** One moment of a call as a callback tells it. */
export type CallbackMoment = { event: CallbackEvent; call: Call; atMs: number; nullStatus: boolean }

export type LegBody = { OnCallDuration: number; Status: CallStatus | null; AnsweredBy: string }

/** Callback fields: `Legs` is an array, `ConversationDuration` an integer, the rest strings (or null). */
export type CallbackBody = Record<string, string | number | null | LegBody[]>

/**
 * What a status callback says (Exotel's status-callback page and a captured request): three fields when no events
 * were subscribed, the long form when they were. `CustomField` comes with the terminal event alone, and legs that
 * were never tried have a null status.
 */
export function callbackBody(moment: CallbackMoment): CallbackBody {
  const { call, event, atMs } = moment
  const status = moment.nullStatus ? null : event === 'answered' ? 'in-progress' : call.status
  const recording = event === 'terminal' ? callRecordingUrl(call) : null
  const minimal: CallbackBody = { CallSid: call.sid, Status: status, DateUpdated: formatIst(atMs) }
  if (recording !== null) minimal['RecordingUrl'] = recording
  if ((call.callback?.events.length ?? 0) === 0) return minimal
  const body: CallbackBody = {
    ...minimal,
    EventType: event,
    DateCreated: formatIst(call.createdAtMs),
    To: toWireNumber(call.to),
    From: toWireNumber(call.from),
    PhoneNumberSid: toWireNumber(call.phone),
    StartTime: formatIst(call.createdAtMs),
    EndTime: call.endedAtMs === null ? '1970-01-01 05:30:00' : formatIst(call.endedAtMs),
    ConversationDuration: conversationSeconds(call),
    Direction: callDirection(call),
    Legs: call.legs.map((leg) => ({
      OnCallDuration: talkSeconds(leg),
      Status: leg?.status ?? null,
      AnsweredBy: 'NA',
    })),
  }
  if (event === 'terminal' && call.customField !== null) body['CustomField'] = call.customField
  return body
}

/** The body as form fields: everything a string, legs as `Legs[0][Status]`, null statuses as the word. */
export function callbackFields(body: CallbackBody): [string, string][] {
  const fields: [string, string][] = []
  for (const [name, value] of Object.entries(body)) {
    if (!Array.isArray(value)) fields.push([name, value === null ? 'null' : String(value)])
    else {
      value.forEach((leg, index) => {
        fields.push([`Legs[${index}][OnCallDuration]`, String(leg.OnCallDuration)])
        fields.push([`Legs[${index}][Status]`, leg.Status ?? ''])
      })
    }
  }
  return fields
}

/** The request's bytes and its Content-Type. */
export function encodeCallback(
  body: CallbackBody,
  contentType: 'multipart/form-data' | 'application/json',
  boundary = `form-data-boundary-${randomUUID().replaceAll('-', '').slice(0, 16)}`,
): { contentType: string; bytes: Buffer } {
  if (contentType === 'application/json') {
    return { contentType, bytes: Buffer.from(JSON.stringify(body)) }
  }
  const parts = callbackFields(body).map(
    ([name, value]) =>
      `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
  )
  return {
    contentType: `multipart/form-data; boundary=${boundary}`,
    bytes: Buffer.from(`${parts.join('')}--${boundary}--\r\n`),
  }
}
