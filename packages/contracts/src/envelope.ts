import { z } from 'zod'
import { errorCodes, type ErrorCode } from './error-code.ts'

/** The envelope of every success: `data` names its noun. */
export function success<Shape extends z.ZodRawShape>(shape: Shape) {
  return z.strictObject({ success: z.literal(true), data: z.strictObject(shape) })
}

/** One page of a list: the noun's plural, and the cursor of the next page or null. */
export function page<Shape extends z.ZodRawShape>(shape: Shape) {
  return success({ ...shape, nextCursor: z.string().nullable() })
}

const codes = Object.keys(errorCodes) as [ErrorCode, ...ErrorCode[]]

/** The envelope of every failure. `details` never repeats what was sent. */
export const failureSchema = z.strictObject({
  success: z.literal(false),
  error: z.strictObject({
    code: z.enum(codes),
    message: z.string(),
    requestId: z.string(),
    details: z.record(z.string(), z.unknown()).optional(),
  }),
})

export type Failure = z.infer<typeof failureSchema>

/** `?limit=` and `?cursor=` of every list. */
export const pageQuery = {
  limit: z.coerce.number().int().min(1).max(100).default(50),
  cursor: z.string().min(1).max(256).optional(),
}
