import { z } from 'zod'
import { idSchemas } from '../ids.ts'
import { plainText } from './text.ts'

const name = plainText(100)

/** Runs also on what is no address at all: that is for the check before to say. */
function holdsCredentials(text: string): boolean {
  const url = URL.parse(text)
  return url !== null && (url.username !== '' || url.password !== '')
}

/** An address Exotel can open a media socket to: ws or wss, and shorter than its limit of 600. */
export const streamUrlSchema = z
  .url({ protocol: /^wss?$/ })
  .max(599)
  .refine((text) => !holdsCredentials(text), 'must not hold credentials')

/** Who answers for a phone: a person's number, a flow of Exotel's, or a media stream. */
export const createAgentBody = z.discriminatedUnion('kind', [
  z.strictObject({ name, kind: z.literal('human'), number: z.string().min(3).max(32) }),
  z.strictObject({
    name,
    kind: z.literal('flow'),
    appId: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/),
  }),
  z.strictObject({ name, kind: z.literal('stream'), streamUrl: streamUrlSchema.optional() }),
])

/** The kind stays what it is; the rest may change. */
export const patchAgentBody = z.strictObject({
  name: name.optional(),
  number: z.string().min(3).max(32).optional(),
  appId: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,64}$/)
    .optional(),
  streamUrl: streamUrlSchema.nullable().optional(),
})

export const agentSchema = z.strictObject({
  id: idSchemas.agent,
  name: z.string(),
  kind: z.enum(['human', 'flow', 'stream']),
  number: z.string().optional(),
  appId: z.string().optional(),
  streamUrl: z.string().optional(),
  createdAt: z.iso.datetime(),
})
export type Agent = z.infer<typeof agentSchema>
