import { type Call, talkSeconds, TERMINAL } from '../state/call.ts'
import { formatIst } from './ist.ts'
import { toWireNumber } from './phone-number.ts'
import { type XmlValue } from './xml.ts'

/** How long after a call's end `Duration`, `Price` and `EndTime` stay null, as in Exotel's docs (about two minutes). */
export const SETTLE_MS = 120_000

const direction = (call: Call): string => (call.mode === 'inbound' ? 'inbound' : 'outbound-api')

const recordingUrl = (call: Call): string | null =>
  call.record && call.status === 'completed'
    ? `https://recordings.exotel.com/exotelrecordings/${call.accountSid}/${call.sid}.mp3`
    : null

/**
 * The v1 `Call` object. `view` says what Exotel shows at that moment: the reply to the POST always says
 * `in-progress`, whatever the phone is doing.
 */
export function callV1(
  call: Call,
  view: { reply: 'created' | 'details'; nowMs: number; settleMs: number },
): Record<string, string | null> {
  const ended = call.endedAtMs
  const settled = ended !== null && view.nowMs - ended >= view.settleMs
  const seconds = talkSeconds(call.legs[0])
  return {
    Sid: call.sid,
    ParentCallSid: null,
    DateCreated: formatIst(call.createdAtMs),
    DateUpdated: formatIst(call.updatedAtMs),
    AccountSid: call.accountSid,
    To: toWireNumber(call.to),
    From: toWireNumber(call.from),
    PhoneNumberSid: toWireNumber(call.phone),
    Status: view.reply === 'created' ? 'in-progress' : call.status,
    StartTime: formatIst(call.createdAtMs),
    EndTime: settled ? formatIst(ended) : null,
    Duration: settled ? String(seconds) : null,
    Price: settled ? (Math.ceil(seconds / 60) * 0.5).toFixed(3) : null,
    Direction: direction(call),
    AnsweredBy: null,
    ForwardedFrom: null,
    CallerName: null,
    Uri: `/v1/Accounts/${call.accountSid}/Calls.json/${call.sid}`,
    RecordingUrl: recordingUrl(call),
  }
}

/** The `Details` object of `?details=true`: numbers are numbers here, and each leg has a wrapper. */
export function callDetailsV1(call: Call): Record<string, XmlValue> {
  const [first, second] = call.legs
  const legs: XmlValue[] = [{ Leg: { Id: 1, OnCallDuration: talkSeconds(first) } }]
  if (second) legs.push({ Leg: { Id: 2, OnCallDuration: talkSeconds(second) } })
  return {
    ConversationDuration: conversationSeconds(call),
    Leg1Status: first.status,
    Leg2Status: second ? second.status : null,
    Legs: legs,
  }
}

/** Seconds both parties talked: the second leg's where there are two. */
export function conversationSeconds(call: Call): number {
  if (!TERMINAL.has(call.status)) return 0
  return talkSeconds(call.legs[1] ?? call.legs[0])
}

/** The recording's address once there is one. */
export const callRecordingUrl = recordingUrl
export const callDirection = direction
