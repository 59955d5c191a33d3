import { z } from 'zod'
import { pageQuery } from '../envelope.ts'
import { idSchemas } from '../ids.ts'

/** Who did what, when. Rows are added and never changed. */
export const auditEntrySchema = z.strictObject({
  id: idSchemas.audit,
  at: z.iso.datetime(),
  actorKind: z.enum(['user', 'api_key', 'service', 'operator']),
  actorId: z.string(),
  action: z.string(),
  targetKind: z.string().nullable(),
  targetId: z.string().nullable(),
  details: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
})
export type AuditEntry = z.infer<typeof auditEntrySchema>

export const listAuditQuery = z.strictObject({
  ...pageQuery,
  action: z
    .string()
    .regex(/^[a-z][a-z0-9_.]{0,63}$/)
    .optional(),
})
