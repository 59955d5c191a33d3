import { z } from 'zod'
import { pageQuery } from '../envelope.ts'
import { eventTypes, type EventType } from '../event.ts'
import { idSchemas } from '../ids.ts'
import { isPlain, plainText } from './text.ts'

/** Longer than any address that a server takes. */
const MAX_URL_LENGTH = 2_000
/** As long as deliveries are kept: what is older cannot be sent again. */
export const WEBHOOK_KEPT_DAYS = 30
/** For how long a secret is still good after the next one was made, unless told otherwise. */
export const WEBHOOK_OVERLAP_HOURS = 24
const MAX_OVERLAP_HOURS = 168

const known = eventTypes as [EventType, ...EventType[]]

/** The rules that an address shows by itself; which hosts may be spoken to is for the server. */
export const webhookUrlSchema = z
  .string()
  .max(MAX_URL_LENGTH)
  .refine((text) => isPlain(text) && URL.canParse(text), 'must be an address like https://…')
  .refine((text) => {
    const protocol = URL.parse(text)?.protocol
    return protocol === undefined || protocol === 'https:' || protocol === 'http:'
  }, 'must begin with https://')
  .refine((text) => {
    const url = URL.parse(text)
    return url === null || (url.username === '' && url.password === '')
  }, 'must not hold a user name or a password: messages are signed instead')
  .refine(
    (text) => (URL.parse(text)?.hash ?? '') === '',
    'must not hold a #fragment: it is not sent',
  )
  .meta({ description: 'Where messages are posted to, over TLS' })

const webhookEventTypesSchema = z
  .array(z.enum(known))
  .min(1)
  .max(known.length)
  .meta({ description: 'The types of events it is told of' })

const description = z.union([z.literal(''), plainText(200)])

export const webhookSchema = z.strictObject({
  id: idSchemas.webhookEndpoint,
  url: z.string(),
  description: z.string(),
  eventTypes: z.array(z.string()),
  status: z.enum(['active', 'disabled']),
  disabledReason: z.enum(['person', 'gone', 'failing']).optional().meta({
    description:
      'Who turned it off: a `person`; it answered 410 (`gone`); nothing got through for days (`failing`)',
  }),
  failingSince: z.iso
    .datetime()
    .nullable()
    .meta({ description: 'Since when nothing got through; null while the last message did' }),
  createdAt: z.iso.datetime(),
})
export type Webhook = z.infer<typeof webhookSchema>

/** With the secret that its messages are signed with: shown this one time. */
export const webhookWithSecretSchema = webhookSchema.extend({
  secret: z.string().meta({ description: '`whsec_…`, as libraries for Standard Webhooks take it' }),
})
export type WebhookWithSecret = z.infer<typeof webhookWithSecretSchema>

export const createWebhookBody = z.strictObject({
  url: webhookUrlSchema,
  description: description.optional(),
  eventTypes: webhookEventTypesSchema,
})
export type CreateWebhookBody = z.infer<typeof createWebhookBody>

export const patchWebhookBody = z.strictObject({
  url: webhookUrlSchema.optional(),
  description: description.optional(),
  eventTypes: webhookEventTypesSchema.optional(),
  status: z.enum(['active', 'disabled']).optional(),
})
export type PatchWebhookBody = z.infer<typeof patchWebhookBody>

/** Nothing, and blanks, are no number: coerced they would be a 0, which ends a secret at once. */
function numberOrBlank(value: unknown): unknown {
  return typeof value === 'string' && value.trim() === '' ? Number.NaN : value
}

export const rotateWebhookSecretQuery = z.strictObject({
  overlapHours: z
    .preprocess(numberOrBlank, z.coerce.number().int().min(0).max(MAX_OVERLAP_HOURS))
    .default(WEBHOOK_OVERLAP_HOURS)
    .meta({
      description: 'For how long messages are signed with the former secret too; 0: not at all',
    }),
})

const deliveryStates = ['pending', 'delivered', 'dead'] as const
export const webhookDeliveryStateSchema = z.enum(deliveryStates)

/** One message for one endpoint, and how its delivery goes. */
export const webhookDeliverySchema = z.strictObject({
  id: idSchemas.webhookMessage.meta({ description: 'The `webhook-id` of every attempt' }),
  eventType: z.string(),
  callId: idSchemas.call.optional(),
  seq: z.int().min(1).optional(),
  state: webhookDeliveryStateSchema,
  attempts: z.int().min(0),
  createdAt: z.iso.datetime(),
  nextAttemptAt: z.iso.datetime().nullable(),
  lastAttemptAt: z.iso.datetime().nullable(),
  lastStatus: z.int().nullable().meta({ description: 'What the endpoint answered last' }),
  lastError: z.string().nullable().meta({ description: 'Why the last attempt failed' }),
  finishedAt: z.iso.datetime().nullable(),
})
export type WebhookDelivery = z.infer<typeof webhookDeliverySchema>

export const listWebhookDeliveriesQuery = z.strictObject({
  ...pageQuery,
  state: webhookDeliveryStateSchema.optional(),
})

const moment = z.iso.datetime({ offset: true })

/** One message again, or those of a span of time: facts that were never sent, too. */
export const replayWebhookBody = z.union([
  z.strictObject({ deliveryId: idSchemas.webhookMessage }),
  z.strictObject({
    since: moment,
    until: moment.optional().meta({ description: 'Exclusive; now when absent' }),
    state: webhookDeliveryStateSchema
      .optional()
      .meta({ description: 'Only messages that stand so; without, also facts that have none' }),
  }),
])
export type ReplayWebhookBody = z.infer<typeof replayWebhookBody>

/** The type of the message that `POST /webhooks/:id/test` sends. */
export const WEBHOOK_TEST_TYPE = 'webhook.test'
/** The code of the alert that such a message tells of: nobody else is told of it. */
export const WEBHOOK_TEST_CODE = 'webhook_test'
