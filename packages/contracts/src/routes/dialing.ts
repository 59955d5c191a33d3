import { z } from 'zod'
import { plainText } from './text.ts'

/** How a tenant's dialing stands: whether it goes on, and what waits for what. */
export const dialingSchema = z.strictObject({
  paused: z.boolean().meta({ description: 'Paused for this tenant' }),
  pausedForAll: z.boolean().meta({ description: 'Paused by the operator, for everybody' }),
  pausedReason: z.string().nullable().meta({ description: "The operator's words for it" }),
  waiting: z.record(z.string(), z.int().min(0)).meta({
    description:
      'Queued calls by the reason they wait for; those with none are `due`, or `scheduled` for later',
  }),
  oldestDueAt: z.iso
    .datetime()
    .nullable()
    .meta({ description: 'Since when the call that waits longest could have been dialed' }),
  parked: z
    .int()
    .min(0)
    .meta({ description: 'Calls that wait for a person to say what became of them' }),
})
export type Dialing = z.infer<typeof dialingSchema>

/** The install's own switch. */
export const installDialingSchema = z.strictObject({
  paused: z.boolean(),
  reason: z.string().nullable(),
  changedAt: z.iso.datetime().nullable(),
})
export type InstallDialing = z.infer<typeof installDialingSchema>

export const patchInstallDialingBody = z.strictObject({
  paused: z.boolean(),
  reason: plainText(200).optional().meta({ description: 'Shown to every tenant while it lasts' }),
})
