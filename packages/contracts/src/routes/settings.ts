import { z } from 'zod'
import { callingHoursSchema, capsSchema } from '../calling-rules.ts'
import { retentionDaysSchema } from '../retention-days.ts'

/** A minute at least, so that a call has a chance; a month at most, for what is older is forgotten. */
const expiry = z.int().min(60_000).max(2_592_000_000)

/** What a tenant may set for itself. */
const ownSettings = z.strictObject({
  dialingPaused: z.boolean().meta({ description: 'While true, calls stay queued' }),
  caps: capsSchema,
  callingHours: callingHoursSchema
    .nullable()
    .meta({ description: 'When people may be called; null: at any time' }),
  expireAfterMs: expiry
    .nullable()
    .meta({ description: 'A call that waited longer past its time fails; null: never' }),
  retentionDays: retentionDaysSchema,
})

export const settingsSchema = z.strictObject({
  ...ownSettings.shape,
  dialingPausedForAll: z
    .boolean()
    .meta({ description: 'Whether the operator has paused dialing for everybody' }),
})
export type Settings = z.infer<typeof settingsSchema>

export const patchSettingsBody = z
  .strictObject({
    ...ownSettings.shape,
    caps: capsSchema.partial(),
    retentionDays: retentionDaysSchema.partial(),
  })
  .partial()
export type PatchSettingsBody = z.infer<typeof patchSettingsBody>
