import type { CallStatus } from '@callwire/contracts'
import { parseJson } from './answer.ts'
import type { Leg } from './call-details.ts'
import { callStatusOf } from './call-status.ts'
import { isFields, isShallow, pick, secondsOf, textOf, type Fields } from './fields.ts'
import { formLegsOf } from './status-callback.ts'

/** What a Passthru applet of a flow says of the call that runs through it. */
export type Passthru = {
  callSid: string
  /** Never null: whoever runs a flow was answered, whatever else is left out. */
  status: CallStatus
  recordingUrl?: string
  legs?: Leg[]
  /** What became of the media stream of the applet before it. */
  stream?: { sid: string | null; failed: boolean; detail: string | null }
  /** The keys that were pressed, without the quotes Exotel puts around them. */
  digits?: string
}

const callSidPattern = /^[A-Za-z0-9_-]{1,128}$/

/** Exotel's word for a caller who hung up in the middle of the flow: it is over. */
const hungUp = 'client-hangup'

/**
 * Reads a Passthru applet's query. The result of a stream comes as fields (`Stream[Status]`) or as
 * one JSON text (`Stream={…}`). Null when it names no call.
 *
 * `DialCallStatus` tells of the number the flow dialed, the second leg, and not of the call: the
 * flow goes on after it.
 */
export function parsePassthru(fields: Fields): Passthru | null {
  const callSid = textOf(pick(fields, 'CallSid'), 1_024)
  if (callSid === undefined || !callSidPattern.test(callSid)) return null
  const stream = streamOf(fields)
  const recordingUrl =
    textOf(pick(fields, 'RecordingUrl'), 2_048) ?? textOf(pick(stream, 'RecordingUrl'), 2_048)
  const legs = legsOf(fields)
  const digits = textOf(pick(fields, 'digits'), 64)?.replace(/^"|"$/g, '')
  return {
    callSid,
    status: statusOf(fields),
    ...(recordingUrl !== undefined && { recordingUrl }),
    ...(legs.length > 0 && { legs }),
    ...(stream !== null && { stream: streamResult(stream) }),
    ...(digits !== undefined && digits !== '' && { digits }),
  }
}

/** All the numbers it names, as Exotel writes them: the person's is among them. */
export function passthruNumbers(fields: Fields): string[] {
  const names = ['CallFrom', 'From', 'CallTo', 'To', 'DialWhomNumber']
  return names.flatMap((name) => textOf(pick(fields, name), 64) ?? [])
}

/** The field that we wrote on the call ourselves, if it is there. */
export function passthruCustomField(fields: Fields): string | null {
  return textOf(pick(fields, 'CustomField'), 128) ?? null
}

/**
 * The same query without the addresses of media sockets, which hold what admits to them: nothing
 * reads them, so nothing keeps them.
 */
export function withoutStreamUrl(fields: Record<string, string>): Record<string, string> {
  const kept = Object.entries(fields).filter(([name]) => !/^stream\[stream_?url\]$/i.test(name))
  return Object.fromEntries(
    kept.map(([name, value]) => {
      if (name.toLowerCase() !== 'stream') return [name, value]
      const json = parseJson(value)
      if (!isFields(json) || !isShallow(json)) return [name, '']
      const rest = Object.entries(json).filter(([key]) => !/^stream_?url$/i.test(key))
      return [name, JSON.stringify(Object.fromEntries(rest))]
    }),
  )
}

function statusOf(fields: Fields): CallStatus {
  const told = callStatusOf(pick(fields, 'CallStatus'))
  if (told !== null) return told
  const kind = textOf(pick(fields, 'CallType'), 64)?.toLowerCase()
  return kind === hungUp ? 'completed' : 'in-progress'
}

function legsOf(fields: Fields): Leg[] {
  const legs = formLegsOf(fields)
  const status = callStatusOf(pick(fields, 'DialCallStatus'))
  const onCallSeconds = secondsOf(pick(fields, 'DialCallDuration')) ?? null
  if (status === null && onCallSeconds === null) return legs
  const nothing: Leg = { status: null, onCallSeconds: null, answeredBy: null, cause: null }
  const [first = nothing, second = nothing, ...rest] = legs
  const dialed = {
    ...second,
    status: second.status ?? status,
    onCallSeconds: second.onCallSeconds ?? onCallSeconds,
  }
  return [first, dialed, ...rest]
}

function streamOf(fields: Fields): Fields | null {
  const whole = textOf(pick(fields, 'Stream'), 8_192)
  if (whole !== undefined) {
    const json = parseJson(whole)
    return isFields(json) ? json : null
  }
  const parts: Fields = {}
  for (const [name, value] of Object.entries(fields)) {
    const part = /^stream\[(\w{1,32})\]$/i.exec(name.trim())?.[1]
    if (part !== undefined) parts[part] = value
  }
  return Object.keys(parts).length === 0 ? null : parts
}

function streamResult(stream: Fields): NonNullable<Passthru['stream']> {
  const detail = textOf(pick(stream, 'DetailedStatus'), 64)?.toLowerCase() ?? null
  return {
    sid: textOf(pick(stream, 'StreamSID'), 128) ?? null,
    failed: textOf(pick(stream, 'Status'), 32)?.toLowerCase() === 'failed',
    detail: detail !== null && /^[a-z][a-z_]*$/.test(detail) ? detail : null,
  }
}
