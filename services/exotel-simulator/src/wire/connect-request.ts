import { type CallbackEvent, type CallbackRequest, type CallOrder } from '../state/call.ts'
import { type Fields, field, listField } from './form.ts'
import { toE164 } from './phone-number.ts'
import { type Refusal, refuse } from './rest-exception.ts'

/** Longest call, in seconds (Exotel's docs). */
export const MAX_TIME_LIMIT = 14_400
/** `StreamUrl` must stay under this many characters, query included (Exotel's docs). */
const STREAM_URL_LIMIT = 600
const CUSTOM_FIELD_LIMIT = 128
const STREAM_NAME_LIMIT = 32
const EVENTS: readonly string[] = ['answered', 'terminal', 'ringing']

export type ConnectAccount = { sid: string; phones: readonly string[] | null }
export type ConnectResult =
  { kind: 'order'; order: CallOrder } | { kind: 'refused'; refusal: Refusal }

class Refused extends Error {
  readonly refusal: Refusal
  constructor(message: string) {
    super(message)
    this.refusal = refuse(400, message)
  }
}

function need(fields: Fields, name: string): string {
  const value = field(fields, name)
  if (value === undefined) throw new Refused(`Mandatory Parameter missing: ${name}`)
  return value
}

function number(fields: Fields, name: string): string {
  const e164 = toE164(need(fields, name))
  if (e164 === null) throw new Refused(`Invalid parameter: ${name}`)
  return e164
}

function seconds(fields: Fields, name: string, max: number): number | null {
  const text = field(fields, name)
  if (text === undefined) return null
  if (!/^\d{1,9}$/.test(text) || Number(text) < 1 || Number(text) > max) {
    throw new Refused(`Invalid parameter: ${name}`)
  }
  return Number(text)
}

function limited(fields: Fields, name: string, max: number): string | null {
  const text = field(fields, name) ?? null
  if (text !== null && text.length > max) throw new Refused(`Invalid parameter: ${name}`)
  return text
}

function url(text: string, name: string, protocols: readonly string[]): string {
  if (!URL.canParse(text) || !protocols.includes(new URL(text).protocol)) {
    throw new Refused(`Invalid parameter: ${name}`)
  }
  return text
}

function callback(fields: Fields): CallbackRequest | null {
  const target = field(fields, 'StatusCallback')
  if (target === undefined) return null
  const events = new Set<CallbackEvent>()
  for (const event of listField(fields, 'StatusCallbackEvents')) {
    if (!EVENTS.includes(event)) throw new Refused('Invalid parameter: StatusCallbackEvents')
    events.add(event as CallbackEvent)
  }
  const type = field(fields, 'StatusCallbackContentType') ?? 'multipart/form-data'
  if (type !== 'multipart/form-data' && type !== 'application/json') {
    throw new Refused('Invalid parameter: StatusCallbackContentType')
  }
  return {
    url: url(target, 'StatusCallback', ['http:', 'https:']),
    events: [...events],
    contentType: type,
  }
}

/** The app id in a flow's address; a flow of another account or another site is refused. */
function flow(target: string, accountSid: string): string {
  const pattern = /^https?:\/\/my\.exotel\.(?:com|in)\/([^/]+)\/exoml\/start_voice\/(\w+)\/?$/
  const match = pattern.exec(target)
  if (match?.[1] !== accountSid || match[2] === undefined) {
    throw new Refused('Invalid parameter: Url')
  }
  return match[2]
}

type Destination = Pick<CallOrder, 'mode' | 'to' | 'appId' | 'streamUrl' | 'streamBegin'>

function stream(fields: Fields): string {
  const target = url(need(fields, 'StreamUrl'), 'StreamUrl', ['ws:', 'wss:'])
  if (target.length >= STREAM_URL_LIMIT) throw new Refused('Invalid parameter: StreamUrl')
  limited(fields, 'StreamName', STREAM_NAME_LIMIT)
  return target
}

/** Modes A, B and C are told apart by `To`, `Url` and `StreamUrl`. */
function destination(fields: Fields, accountSid: string, phone: string): Destination {
  const none = { appId: null, streamUrl: null, streamBegin: null }
  const hasStream = field(fields, 'StreamUrl') !== undefined
  const target = field(fields, 'Url')
  if (target !== undefined) {
    if (hasStream || field(fields, 'StreamType') !== undefined) {
      throw new Refused('Url and StreamUrl cannot be used together')
    }
    return { ...none, mode: 'flow', to: phone, appId: flow(target, accountSid) }
  }
  if (field(fields, 'To') !== undefined) {
    const to = number(fields, 'To')
    if (!hasStream) return { ...none, mode: 'two-numbers', to }
    const begin = field(fields, 'StreamBegin') ?? 'Leg2Connect'
    if (begin !== 'Leg1Connect' && begin !== 'Leg2Connect') {
      throw new Refused('Invalid parameter: StreamBegin')
    }
    return { mode: 'two-numbers', to, appId: null, streamUrl: stream(fields), streamBegin: begin }
  }
  if (!hasStream) throw new Refused('Mandatory Parameter missing: To, Url or StreamUrl')
  if (need(fields, 'StreamType') !== 'bidirectional') {
    throw new Refused('Invalid parameter: StreamType')
  }
  return { ...none, mode: 'stream', to: phone, streamUrl: stream(fields) }
}

function read(fields: Fields, account: ConnectAccount): CallOrder {
  const from = number(fields, 'From')
  const phone = number(fields, 'CallerId')
  if (account.phones !== null && !account.phones.includes(phone)) {
    throw new Refused('Invalid parameter: CallerId')
  }
  const callType = field(fields, 'CallType')
  if (callType !== undefined && callType !== 'trans')
    throw new Refused('Invalid parameter: CallType')
  const record = field(fields, 'Record') ?? 'false'
  if (record !== 'true' && record !== 'false') throw new Refused('Invalid parameter: Record')
  return {
    ...destination(fields, account.sid, phone),
    accountSid: account.sid,
    from,
    phone,
    customField: limited(fields, 'CustomField', CUSTOM_FIELD_LIMIT),
    timeLimitSeconds: seconds(fields, 'TimeLimit', MAX_TIME_LIMIT) ?? MAX_TIME_LIMIT,
    timeOutSeconds: seconds(fields, 'TimeOut', MAX_TIME_LIMIT),
    record: record === 'true',
    callback: callback(fields),
    scriptName: null,
  }
}

/** What `Calls/connect` makes of its form: an order to dial, or the refusal Exotel would answer. */
export function readConnect(fields: Fields, account: ConnectAccount): ConnectResult {
  try {
    return { kind: 'order', order: read(fields, account) }
  } catch (error) {
    if (error instanceof Refused) return { kind: 'refused', refusal: error.refusal }
    throw error
  }
}
