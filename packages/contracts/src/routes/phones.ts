import { z } from 'zod'
import { pageQuery } from '../envelope.ts'
import { idSchemas } from '../ids.ts'
import { countrySchema } from '../phone-number.ts'
import { plainText } from './text.ts'

/** Exotel names accounts by a short readable word, never by a path or a query. */
export const exotelSidSchema = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/)

/** Printable ASCII without blanks: what Exotel's key and token are made of. */
const credentialText = z
  .string()
  .regex(/^[\x21-\x7e]{1,256}$/)
  .meta({ 'x-sensitive': true })

/** All four or none. Which `subdomain` is allowed is a setting of the install. */
export const exotelConfigSchema = z.strictObject({
  apiKey: credentialText,
  apiToken: credentialText,
  sid: exotelSidSchema,
  subdomain: z.string().min(1).max(255),
})
export type ExotelConfig = z.infer<typeof exotelConfigSchema>

export const tagsSchema = z.array(plainText(64)).max(32)

export const phoneSchema = z.strictObject({
  id: idSchemas.phone,
  number: z.string(),
  country: z.string(),
  provider: z.literal('exotel'),
  status: z.enum(['active']),
  tags: z.array(z.string()),
  agentId: idSchemas.agent.nullable(),
  exotelData: z.strictObject({ sid: z.string(), subdomain: z.string() }).nullable(),
  keepRecording: z.boolean(),
  breaker: z.strictObject({ open: z.boolean(), openedAt: z.iso.datetime().nullable() }),
  createdAt: z.iso.datetime(),
})
export type Phone = z.infer<typeof phoneSchema>

export const importPhoneBody = z.strictObject({
  number: z.string().min(3).max(32),
  country: countrySchema,
  exotelConfig: exotelConfigSchema.optional(),
  tags: tagsSchema.optional(),
  agentId: idSchemas.agent.optional(),
})
export const patchPhoneBody = z.strictObject({
  tags: tagsSchema.optional(),
  agentId: idSchemas.agent.nullable().optional(),
  keepRecording: z.boolean().optional(),
})

/** Filters of the list; those given must all hold. */
export const listPhonesQuery = z.strictObject({
  ...pageQuery,
  number: z
    .string()
    .min(3)
    .max(32)
    .optional()
    .meta({ description: 'E.164, or as people write it within `country`' }),
  country: countrySchema.optional(),
  tag: plainText(64).optional(),
  agentId: idSchemas.agent.optional(),
  sid: exotelSidSchema.optional().meta({ description: 'The Exotel account it is on' }),
  hasCredentials: z.enum(['true', 'false']).optional(),
  breaker: z.enum(['open', 'closed']).optional(),
})
export type ListPhonesQuery = z.infer<typeof listPhonesQuery>

/** Exotel took the phone's credentials; that it did not is an error's code, not a value here. */
export const phoneCheckSchema = z.strictObject({
  ok: z.literal(true),
  checkedAt: z.iso.datetime(),
  activeStreams: z
    .strictObject({ active: z.int().min(0), limit: z.int().min(0).nullable() })
    .nullable()
    .optional()
    .meta({
      description:
        'Media streams the account has open, and the most it may have; null where Exotel does not say. More calls than that get no audio, whatever the caps say.',
    }),
})
export type PhoneCheck = z.infer<typeof phoneCheckSchema>

export const ingestCredentialsSchema = z.strictObject({
  key: z.string(),
  token: z.string(),
  url: z.string(),
  resolveUrl: z.string(),
  passthruUrl: z.string(),
})
