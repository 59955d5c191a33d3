import { z } from 'zod'
import { callReasonCodeSchema } from '../call-reason.ts'
import { callStatusSchema, metadataSchema } from '../call.ts'
import { pageQuery, success } from '../envelope.ts'
import { receiptSchema } from '../event.ts'
import { idSchemas } from '../ids.ts'

function isWellFormed(metadata: Record<string, string>): boolean {
  return Object.entries(metadata).every((entry) => entry.every((text) => text.isWellFormed()))
}

/** Exotel cuts a call after at most four hours. */
export const MAX_TIME_LIMIT_SECONDS = 14_400

/** Moments outside of these are mistakes; a year of five digits or below 0 can't be shown at all. */
const EARLIEST_SCHEDULE_MS = Date.UTC(2000, 0)
const LATEST_SCHEDULE_MS = Date.UTC(2100, 0)

/** Its moment, not its text: a zone moves it by up to a day. */
function isOurTime(moment: string): boolean {
  const atMs = Date.parse(moment)
  return atMs >= EARLIEST_SCHEDULE_MS && atMs < LATEST_SCHEDULE_MS
}

const scheduleAtSchema = z.iso
  .datetime({ offset: true, abort: true })
  .refine(isOurTime, 'must be in the years 2000 to 2099 of UTC')
  .meta({
    description:
      'Not before this moment, ISO 8601 with zone; at most a year ahead. A past one means now.',
  })

export const placeCallBody = z.strictObject({
  phoneId: idSchemas.phone,
  to: z.string().min(3).max(32),
  scheduleAt: scheduleAtSchema.optional(),
  priority: z.int().min(0).max(9).optional(),
  record: z.boolean().optional(),
  timeLimit: z.int().min(1).max(MAX_TIME_LIMIT_SECONDS).optional(),
  metadata: metadataSchema.refine(isWellFormed, 'must be well-formed text').optional(),
  allowConcurrent: z.boolean().optional(),
})
export type PlaceCallBody = z.infer<typeof placeCallBody>

/** Exotel's name of a call: printable ASCII without blanks. */
const sidSchema = z.string().regex(/^[\x21-\x7e]{1,128}$/)

export const listCallsQuery = z.strictObject({
  ...pageQuery,
  sid: sidSchema.optional(),
  status: callStatusSchema.optional(),
  reason: callReasonCodeSchema.optional(),
  phoneId: idSchemas.phone.optional(),
  to: z.string().min(3).max(32).optional(),
})

/** A person's answer for a call that was parked: which of Exotel's calls it is, or that there is none. */
export const reconcileCallBody = z.union([
  z.strictObject({ sid: sidSchema }),
  z.strictObject({ notPlaced: z.literal(true) }),
])
export type ReconcileCallBody = z.infer<typeof reconcileCallBody>

export const listEventsQuery = z.strictObject({
  after: z.coerce.number().int().min(0).default(0),
  limit: z.coerce.number().int().min(1).max(500).default(100),
})

export const idempotencyKeySchema = z.string().min(1).max(255)

/** A call's proof: its last receipt, one commit per event in seq order, and whether all is closed. */
export const receiptReply = success({
  receipt: receiptSchema.nullable(),
  commits: z.array(z.string().regex(/^[0-9a-f]{64}$/)),
  complete: z.boolean(),
})
