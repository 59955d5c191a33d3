import { z } from 'zod'
import { idSchemas } from './ids.ts'
import { callRecordingSchema } from './routes/recordings.ts'

/** The states of a call, in the words Exotel uses where it has one. */
export const callStatuses = [
  'queued',
  'dialing',
  'unknown',
  'ringing',
  'in-progress',
  'completed',
  'busy',
  'no-answer',
  'failed',
  'canceled',
] as const
export const callStatusSchema = z.enum(callStatuses)
export type CallStatus = z.infer<typeof callStatusSchema>

/** How far a call is. News may only move it up; two final states never replace each other. */
const ranks: Readonly<Record<CallStatus, number>> = {
  queued: 0,
  dialing: 1,
  unknown: 2,
  ringing: 3,
  'in-progress': 4,
  completed: 9,
  busy: 9,
  'no-answer': 9,
  failed: 9,
  canceled: 9,
}

export const FINAL_RANK = 9

export function rankOf(status: CallStatus): number {
  return ranks[status]
}

export function isFinal(status: CallStatus): boolean {
  return ranks[status] === FINAL_RANK
}

/** Whether news of `to` may move a call that is in `from`. */
export function canMove(from: CallStatus, to: CallStatus): boolean {
  return ranks[to] > ranks[from]
}

/** Why a call waits or ended the way it did; `message` is a sentence for a person. */
export const reasonSchema = z.strictObject({
  code: z.string().regex(/^[a-z][a-z0-9_]{0,63}$/),
  message: z.string().max(500),
})
export type CallReason = z.infer<typeof reasonSchema>

export const directionSchema = z.enum(['outbound', 'inbound'])
export type Direction = z.infer<typeof directionSchema>

/** Free fields a caller attaches to a call: at most 32 short strings. Sealed at rest. */
export const metadataSchema = z
  .record(z.string().min(1).max(64), z.string().max(512))
  .refine((value) => Object.keys(value).length <= 32, 'at most 32 entries')

/** One side of a call as Exotel reports it; what it left out is null. */
export const callLegSchema = z.strictObject({
  status: z.string().max(32).nullable(),
  seconds: z.int().min(0).nullable(),
  answeredBy: z.string().max(32).nullable(),
  cause: z.string().max(64).nullable(),
})
export type CallLeg = z.infer<typeof callLegSchema>

/** A call on Exotel's list that may be the one a person has to decide on. No numbers. */
export const callCandidateSchema = z.strictObject({
  sid: z.string().max(128),
  status: callStatusSchema.nullable(),
  createdAt: z.iso.datetime().nullable(),
  durationSeconds: z.int().min(0).nullable(),
})
export type CallCandidate = z.infer<typeof callCandidateSchema>

/** What stands in the place of a number that was erased. */
export const ERASED_NUMBER = 'erased'

const number = z.string().meta({
  description: `E.164; the other person's is masked unless the caller may read it, and \`${ERASED_NUMBER}\` once its retention is over`,
})

/** A call as REST shows it. Numbers are masked unless the caller may read them. */
export const callSchema = z.strictObject({
  id: idSchemas.call,
  phoneId: idSchemas.phone,
  agentId: idSchemas.agent.nullable(),
  direction: directionSchema,
  to: number,
  from: number,
  status: callStatusSchema,
  reason: reasonSchema.optional(),
  sid: z.string().optional(),
  createdAt: z.iso.datetime(),
  scheduleAt: z.iso.datetime().optional(),
  dialedAt: z.iso.datetime().optional(),
  answeredAt: z.iso.datetime().optional(),
  endedAt: z.iso.datetime().optional(),
  durationSeconds: z.int().optional(),
  legs: z.array(callLegSchema).optional(),
  metadata: metadataSchema.optional(),
  seq: z.int(),
})
export type Call = z.infer<typeof callSchema>

/** One call on a page of its own: with its recording, where there is one. */
export const shownCallSchema = callSchema.extend({ recording: callRecordingSchema.optional() })
export type ShownCall = z.infer<typeof shownCallSchema>
