import { readUsualFrame } from './usual-frame.ts'
import { countOf, isFields, pick, storable, textOf, type Fields } from '../fields.ts'
import { defaultSampleRate, sampleRateOf } from './sample-rate.ts'

/** One message of Exotel's media socket, whatever its spelling was. */
export type MediaMessage =
  | { kind: 'connected' }
  | MediaStart
  | MediaFrame
  | { kind: 'dtmf'; digit?: string; durationMs?: number; sequenceNumber?: number }
  | { kind: 'mark'; name?: string; sequenceNumber?: number }
  | { kind: 'stop'; reason?: string; callSid?: string; sequenceNumber?: number }
  | { kind: 'bad_payload'; sequenceNumber?: number; chunk?: number }
  | { kind: 'unknown'; event: string; sequenceNumber?: number }

export type MediaStart = {
  kind: 'start'
  streamSid?: string
  callSid?: string
  accountSid?: string
  from?: string
  to?: string
  /** Hz; the socket's address or 8000 when the message does not say. */
  sampleRate: number
  customParameters: Record<string, string>
  sequenceNumber?: number
}

/** 16-bit little-endian mono PCM at the start's rate, of any length. */
export type MediaFrame = {
  kind: 'media'
  sequenceNumber?: number
  chunk?: number
  payload: Buffer
}

export type ParsedMedia =
  { kind: 'message'; message: MediaMessage } | { kind: 'not_json' } | { kind: 'invalid_utf8' }

/** What a socket's address says, for messages that do not. */
export type MediaDefaults = { sampleRate?: number | undefined }

/** Exotel's own messages have seven fields in one object, and no object deeper than the third level. */
const maxKeys = 64
const maxLevels = 3

const utf8 = new TextDecoder('utf-8', { fatal: true })

/**
 * Reads one message (Exotel's docs, "AgentStream"; captures of real calls). Text arrives as bytes
 * with some WebSocket libraries, so both are taken. Never throws.
 */
export function parseMediaMessage(
  data: Uint8Array | string,
  defaults: MediaDefaults = {},
): ParsedMedia {
  const usual = Buffer.isBuffer(data) ? readUsualFrame(data) : null
  return usual === null ? parseAny(data, defaults) : { kind: 'message', message: usual }
}

/** The same for every spelling. */
export function parseAny(data: Uint8Array | string, defaults: MediaDefaults = {}): ParsedMedia {
  let text: string
  try {
    text = typeof data === 'string' ? data : utf8.decode(data)
  } catch {
    return { kind: 'invalid_utf8' }
  }
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    return { kind: 'not_json' }
  }
  if (!isFields(json)) return { kind: 'not_json' }
  return { kind: 'message', message: messageOf(json, defaults) }
}

/** Whether an object has more fields than any message; looking for a spelling would cost too much. */
function isWide(value: unknown, levels = maxLevels): boolean {
  if (!isFields(value) || levels === 0) return false
  const names = Object.keys(value)
  return names.length > maxKeys || names.some((name) => isWide(value[name], levels - 1))
}

function messageOf(fields: Fields, defaults: MediaDefaults): MediaMessage {
  if (isWide(fields)) return { kind: 'unknown', event: '' }
  const event = textOf(pick(fields, 'event'), 64)?.toLowerCase() ?? ''
  switch (event) {
    case 'connected':
      return { kind: 'connected' }
    case 'start':
      return startOf(fields, defaults)
    case 'media':
      return mediaOf(fields)
    case 'dtmf': {
      const dtmf = pick(fields, 'dtmf')
      const digit = textOf(pick(dtmf, 'digit'), 8)
      const durationMs = countOf(pick(dtmf, 'duration'))
      return {
        kind: 'dtmf',
        ...(digit === undefined ? {} : { digit }),
        ...(durationMs === undefined ? {} : { durationMs }),
        ...numbering(fields),
      }
    }
    case 'mark': {
      const name = textOf(pick(pick(fields, 'mark'), 'name'), 256)
      return { kind: 'mark', ...(name === undefined ? {} : { name }), ...numbering(fields) }
    }
    case 'stop': {
      const stop = pick(fields, 'stop')
      const reason = textOf(pick(stop, 'reason'), 64)
      const callSid = textOf(pick(stop, 'call_sid'), 128) ?? textOf(pick(fields, 'call_sid'), 128)
      return {
        kind: 'stop',
        ...(reason === undefined ? {} : { reason }),
        ...(callSid === undefined ? {} : { callSid }),
        ...numbering(fields),
      }
    }
    default:
      return { kind: 'unknown', event, ...numbering(fields) }
  }
}

/** Exotel's captures have the ids in `start`, its samples at the top level: either will do. */
function startOf(fields: Fields, defaults: MediaDefaults): MediaStart {
  const start = pick(fields, 'start')
  const text = (name: string, maxLength: number) =>
    textOf(pick(start, name), maxLength) ?? textOf(pick(fields, name), maxLength)
  const own = parametersOf(pick(start, 'custom_parameters'))
  const message: MediaStart = {
    kind: 'start',
    sampleRate:
      rateIn(pick(start, 'media_format')) ??
      rateIn(pick(fields, 'media_format')) ??
      defaults.sampleRate ??
      defaultSampleRate,
    customParameters:
      Object.keys(own).length > 0 ? own : parametersOf(pick(fields, 'custom_parameters')),
    ...numbering(fields),
  }
  const texts = {
    streamSid: text('stream_sid', 128),
    callSid: text('call_sid', 128),
    accountSid: text('account_sid', 128),
    from: text('from', 64),
    to: text('to', 64),
  }
  for (const [name, value] of Object.entries(texts)) {
    if (value !== undefined) message[name as keyof typeof texts] = value
  }
  return message
}

/** `encoding` and `bit_rate` are wrong or missing in real messages and are not read. */
function rateIn(format: unknown): number | undefined {
  return sampleRateOf(pick(format, 'sample_rate'))
}

/** Exotel documents at most 3; more are not worth their memory. */
const maxParameters = 16

/** Names to texts; a bare value may come as a name, so empty texts are kept. */
function parametersOf(value: unknown): Record<string, string> {
  if (!isFields(value)) return {}
  const entries = Object.entries(value)
    .slice(0, maxParameters)
    .map(([name, text]) => [storable(name.slice(0, 600)), textOf(text, 600) ?? ''] as const)
  return Object.fromEntries(entries)
}

const base64 = /^[A-Za-z0-9+/_-]+={0,2}$/

function mediaOf(fields: Fields): MediaMessage {
  const media = pick(fields, 'media')
  const chunk = countOf(pick(media, 'chunk'))
  const numbers = { ...numbering(fields), ...(chunk === undefined ? {} : { chunk }) }
  const inner = pick(media, 'payload')
  const text = inner === '' ? pick(fields, 'payload') : (inner ?? pick(fields, 'payload'))
  if (typeof text !== 'string' || !base64.test(text)) return { kind: 'bad_payload', ...numbers }
  const payload = Buffer.from(text, 'base64')
  if (payload.length === 0) return { kind: 'bad_payload', ...numbers }
  return { kind: 'media', payload, ...numbers }
}

/** Number or numeric text: Exotel's pages show both, real calls text. */
function numbering(fields: Fields): { sequenceNumber?: number } {
  const sequenceNumber = countOf(pick(fields, 'sequence_number'))
  return sequenceNumber === undefined ? {} : { sequenceNumber }
}
