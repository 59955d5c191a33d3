import { z } from 'zod'
import { pageQuery } from '../envelope.ts'
import { idSchemas } from '../ids.ts'
import { countrySchema } from '../phone-number.ts'
import { plainText } from './text.ts'

const writtenNumber = z
  .string()
  .min(3)
  .max(32)
  .meta({ description: 'E.164, or as people write it within `country`' })

/** A person whom the tenant does not call. The number is masked unless the caller may read it. */
export const neverCallSchema = z.strictObject({
  id: idSchemas.neverCall,
  number: z.string(),
  reason: z.string(),
  expiresAt: z.iso
    .datetime()
    .nullable()
    .meta({ description: 'From then on they may be called again; null: never' }),
  createdAt: z.iso.datetime(),
})
export type NeverCall = z.infer<typeof neverCallSchema>

export const addNeverCallBody = z.strictObject({
  number: writtenNumber,
  country: countrySchema.optional(),
  reason: plainText(200),
  expiresAt: z.iso.datetime({ offset: true }).optional(),
})
export type AddNeverCallBody = z.infer<typeof addNeverCallBody>

/** As many as fit into one body, however they are written. */
export const MOST_NUMBERS_AT_ONCE = 500

export const importNeverCallBody = z.strictObject({
  numbers: z.array(writtenNumber).min(1).max(MOST_NUMBERS_AT_ONCE),
  country: countrySchema.optional(),
  reason: plainText(200),
  expiresAt: z.iso.datetime({ offset: true }).optional(),
})
export type ImportNeverCallBody = z.infer<typeof importNeverCallBody>

export const neverCallImportSchema = z.strictObject({
  added: z.int().min(0),
  replaced: z.int().min(0),
})
export type NeverCallImport = z.infer<typeof neverCallImportSchema>

export const listNeverCallQuery = z.strictObject({
  ...pageQuery,
  number: writtenNumber.optional(),
  country: countrySchema.optional(),
})
