import { z } from 'zod'
import { retentionDaysSchema } from '../retention-days.ts'

const calls = z.int().min(0)

/** How things stored for longer than they may be are erased, as of now. */
export const retentionSchema = z.strictObject({
  days: retentionDaysSchema,
  due: z
    .strictObject({ recordings: calls, words: calls, numbers: calls })
    .meta({ description: 'Calls of which something is past its life and still stored' }),
  waitingForReceipt: calls.meta({
    description:
      'Of those, calls that are not closed by a receipt yet: nothing of them is erased before',
  }),
  objectsToRemove: calls.meta({
    description: 'Recordings whose key is erased, with objects of them still in the store',
  }),
  lastSweep: z
    .strictObject({
      at: z.iso.datetime(),
      recordings: calls,
      words: calls,
      numbers: calls,
      oldestEndedAt: z.iso.datetime(),
      newestEndedAt: z.iso.datetime(),
    })
    .nullable()
    .meta({ description: 'The last batch that was erased, as the audit has it; null: none ever' }),
})
export type Retention = z.infer<typeof retentionSchema>

/** What the audit says of a batch that was erased: `details` of `retention.swept`. */
export const retentionSweptDetails = retentionSchema.shape.lastSweep.unwrap().omit({ at: true })
