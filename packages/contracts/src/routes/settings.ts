import { z } from 'zod'

/** What a tenant may set for itself. */
export const settingsSchema = z.strictObject({
  dialingPaused: z.boolean().meta({ description: 'While true, calls stay queued' }),
})
export type Settings = z.infer<typeof settingsSchema>

export const patchSettingsBody = settingsSchema.partial()
