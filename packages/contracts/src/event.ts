import { maskKinds } from '@callwire/masking'
import { z } from 'zod'
import { callStatusSchema, reasonSchema } from './call.ts'
import { idSchemas } from './ids.ts'

/** What a hidden piece of text was. */
export const maskKindSchema = z.enum(maskKinds)

/** Milliseconds on the call's clock: audio received and audio known to be missing. */
const ms = z.int().min(0)
export const rangeSchema = z.strictObject({ fromMs: ms, toMs: ms })

const maskedSpanSchema = z.strictObject({
  kind: maskKindSchema,
  start: z.int().min(0),
  end: z.int().min(0),
})

/** One utterance as consumers see it: masked text, its place on the call's clock. */
export const utteranceSchema = z.strictObject({
  utteranceId: idSchemas.utterance,
  rev: z.int().min(1),
  text: z.string(),
  startMs: ms,
  endMs: ms,
  speaker: z.string().max(64).optional(),
  language: z.string().max(35).optional(),
  confidence: z.number().min(0).max(1).optional(),
  provider: z.string().max(64),
  masked: z.array(maskedSpanSchema),
})
export type Utterance = z.infer<typeof utteranceSchema>

export const alertSeveritySchema = z.enum(['info', 'warn', 'page'])
export type AlertSeverity = z.infer<typeof alertSeveritySchema>

export const alertSchema = z.strictObject({
  code: z.string().max(64),
  severity: alertSeveritySchema,
  message: z.string().max(500),
})
export type Alert = z.infer<typeof alertSchema>

export const receiptSchema = z.strictObject({
  revision: z.int().min(1),
  events: z.int().min(0),
  utterances: z.int().min(0),
  frames: z.int().min(0),
  duplicated: z.int().min(0),
  rewound: z.int().min(0),
  audioMs: ms,
  gaps: z.array(rangeSchema),
  hash: z.string().regex(/^[0-9a-f]{64}$/),
})
export type Receipt = z.infer<typeof receiptSchema>

/** The data of each type of event. Consumers must ignore types they do not know. */
export const eventData = {
  'call.status': z.strictObject({
    status: callStatusSchema,
    previous: callStatusSchema.nullable(),
    reason: reasonSchema.optional(),
  }),
  'stream.started': z.strictObject({
    streamSid: z.string().max(128),
    sampleRate: z.int().positive(),
    startedAt: z.iso.datetime(),
  }),
  'stream.ended': z.strictObject({
    frames: z.int().min(0),
    audioMs: ms,
    duplicated: z.int().min(0),
    rewound: z.int().min(0),
    gaps: z.array(rangeSchema),
    reason: z.string().max(64),
  }),
  'stream.dtmf': z.strictObject({ atMs: ms, durationMs: ms }),
  'transcript.final': utteranceSchema,
  'transcript.gap': z.strictObject({ fromMs: ms, toMs: ms, reason: z.string().max(64) }),
  'call.talk': z.strictObject({
    speakers: z.array(z.strictObject({ speaker: z.string().max(64), talkMs: ms })),
    silenceMs: ms,
    overlapMs: ms,
  }),
  alert: alertSchema,
  'call.receipt': receiptSchema,
} as const

export type EventType = keyof typeof eventData
export type EventData<T extends EventType> = z.infer<(typeof eventData)[T]>
export const eventTypes = Object.keys(eventData) as EventType[]

/** Which types' data says what people said: it is what goes when the words of a call are erased. */
const holdsWords: Readonly<Record<EventType, boolean>> = {
  'call.status': false,
  'stream.started': false,
  'stream.ended': false,
  // The digit is no part of the data: it is sealed under the call's key, and goes with that.
  'stream.dtmf': false,
  'transcript.final': true,
  'transcript.gap': false,
  'call.talk': false,
  alert: false,
  'call.receipt': false,
}
export const wordEventTypes = eventTypes.filter((type) => holdsWords[type])

/** The types that a tenant's board hears of. */
export const boardEventTypes = [
  'call.status',
  'alert',
  'call.receipt',
] as const satisfies EventType[]

export function isBoardEvent(type: string): boolean {
  return (boardEventTypes as readonly string[]).includes(type)
}

const hex64 = z.string().regex(/^[0-9a-f]{64}$/)

const envelope = {
  id: idSchemas.event,
  callId: idSchemas.call,
  seq: z.int().min(1),
  at: z.iso.datetime({ precision: 3 }),
  hash: hex64,
}

/** An event as every reader gets it: its content is the same for all of them. */
export const callEventSchema = z.union([
  z.strictObject({
    ...envelope,
    type: z.string(),
    data: z.record(z.string(), z.unknown()),
    salt: z.string().regex(/^[A-Za-z0-9_-]{22}$/),
  }),
  z.strictObject({
    ...envelope,
    type: z.string(),
    data: z.null(),
    erased: z.literal(true),
    commit: hex64,
  }),
])

type Envelope = { id: string; callId: string; seq: number; at: string; hash: string }

/** An event whose words are there, by type. */
export type LiveEvent = {
  [T in EventType]: Envelope & { type: T; data: EventData<T>; salt: string }
}[EventType]

/** An event whose words were erased: the commit still proves that it was here, unchanged. */
export type ErasedEvent = Envelope & { type: EventType; data: null; erased: true; commit: string }

export type CallEvent = LiveEvent | ErasedEvent

/** What is being said right now: published, never stored, no seq. */
export const interimSchema = z.strictObject({
  utteranceId: idSchemas.utterance,
  rev: z.int().min(1),
  text: z.string(),
  startMs: ms,
  endMs: ms,
  speaker: z.string().max(64).optional(),
})
export type Interim = z.infer<typeof interimSchema>
