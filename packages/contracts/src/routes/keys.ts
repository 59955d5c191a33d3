import { z } from 'zod'
import { idSchemas } from '../ids.ts'

/** The name of an encryption key. It stands in every envelope, and says nothing of the key. */
export const keyIdSchema = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,31}$/)
  .meta({ description: 'Id of an encryption key, as in ENCRYPTION_KEYS', examples: ['k2'] })

export const keyBody = z.strictObject({ kid: keyIdSchema })

/**
 * `primary` seals; `introduced` is ready to; `present` is held by processes and not recorded yet;
 * `retired` opens nothing any more; `missing` is named by rows and held by nobody.
 */
export const keyStateSchema = z.enum(['primary', 'introduced', 'present', 'retired', 'missing'])

export const sealingKeySchema = z.strictObject({
  kid: keyIdSchema,
  state: keyStateSchema,
  rows: z
    .record(z.string(), z.int().min(0))
    .meta({ description: 'Rows sealed under it, by the place they are in' }),
  total: z.int().min(0),
})

export type SealingKey = z.infer<typeof sealingKeySchema>

/** A process that holds rings, as it last told. */
export const keyHolderSchema = z.strictObject({
  instance: z.string(),
  service: z.string(),
  kids: z.array(z.string()),
  primary: z.string().meta({ description: 'The key it seals with' }),
  seenAt: z.iso.datetime(),
})

export type KeyHolder = z.infer<typeof keyHolderSchema>

/** A rotation, or a verification: work over every sealed row of the install. */
export const keyJobSchema = z.strictObject({
  id: idSchemas.keyJob,
  kind: z.enum(['rotate', 'verify']),
  toKid: z.string(),
  state: z.enum(['running', 'paused', 'done']),
  total: z.int().min(0),
  done: z.int().min(0),
  failed: z.int().min(0),
  rate: z.number().min(0).meta({ description: 'Rows a second, while it worked' }),
  eta: z.number().min(0).nullable().meta({ description: 'Seconds; null when unknown' }),
  waitsFor: z
    .enum(['dialer', 'courier'])
    .nullable()
    .meta({ description: 'The service that has to go on, while no process of it is at work' }),
  failedRows: z
    .array(
      z.strictObject({ place: z.string(), tenantId: idSchemas.tenant, id: z.string().max(200) }),
    )
    .meta({ description: 'Rows that did not open, the first hundred' }),
  startedAt: z.iso.datetime(),
  finishedAt: z.iso.datetime().nullable(),
})
export type KeyJobView = z.infer<typeof keyJobSchema>

export const keyStatusSchema = z.strictObject({
  primary: z.string().nullable(),
  keys: z.array(sealingKeySchema),
  processes: z.array(keyHolderSchema),
  rotation: keyJobSchema.nullable(),
  verification: keyJobSchema.nullable(),
})
export type KeyStatus = z.infer<typeof keyStatusSchema>

/** Why a step in a key's life is refused: `details.reason` of a `conflict`. */
export const keyRefusals = [
  'unknown_key',
  'not_introduced',
  'not_held',
  'already_primary',
  'is_primary',
  'in_use',
  'not_verified',
  'job_running',
  'no_job',
  'calls_open',
  'retired',
  'primary_unclear',
] as const
export type KeyRefusal = (typeof keyRefusals)[number]
