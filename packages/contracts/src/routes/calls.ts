import { z } from 'zod'
import { callStatusSchema, metadataSchema } from '../call.ts'
import { pageQuery } from '../envelope.ts'
import { idSchemas } from '../ids.ts'

/** Exotel cuts a call after at most four hours. */
export const MAX_TIME_LIMIT_SECONDS = 14_400

export const placeCallBody = z.strictObject({
  phoneId: idSchemas.phone,
  to: z.string().min(3).max(32),
  scheduleAt: z.iso.datetime({ offset: true }).optional(),
  priority: z.int().min(0).max(9).optional(),
  record: z.boolean().optional(),
  timeLimit: z.int().min(1).max(MAX_TIME_LIMIT_SECONDS).optional(),
  metadata: metadataSchema.optional(),
  allowConcurrent: z.boolean().optional(),
})
export type PlaceCallBody = z.infer<typeof placeCallBody>

export const listCallsQuery = z.strictObject({
  ...pageQuery,
  sid: z.string().min(1).max(128).optional(),
  status: callStatusSchema.optional(),
  phoneId: idSchemas.phone.optional(),
  to: z.string().min(3).max(32).optional(),
})

export const listEventsQuery = z.strictObject({
  after: z.coerce.number().int().min(0).default(0),
  limit: z.coerce.number().int().min(1).max(500).default(100),
})

export const idempotencyKeySchema = z.string().min(1).max(255)
