import { z } from 'zod'
import { callSchema } from './call.ts'
import { alertSchema, callEventSchema, interimSchema, type CallEvent } from './event.ts'
import { idSchemas } from './ids.ts'
import { permissionSchema } from './role.ts'

/** Version of the consumer socket's messages; raised when one changes incompatibly. */
export const CONSUMER_PROTOCOL = 1

export const topicSchema = z.string().max(64)

const bareClientMessages = [
  z.strictObject({ type: z.literal('authenticate'), token: z.string().min(1).max(4096) }),
  z.strictObject({
    type: z.literal('subscribe'),
    topic: topicSchema,
    after: z.int().min(0).optional(),
  }),
  z.strictObject({ type: z.literal('unsubscribe'), topic: topicSchema }),
  z.strictObject({ type: z.literal('ping') }),
] as const

/** What a consumer may say. */
export const clientMessageSchema = z.discriminatedUnion('type', bareClientMessages)
export type ClientMessage = z.infer<typeof clientMessageSchema>

export const socketErrorCodes = [
  'unauthenticated',
  'forbidden',
  'not_found',
  'bad_message',
  'too_many_topics',
] as const
export type SocketErrorCode = (typeof socketErrorCodes)[number]

/** What a consumer may hear. Unknown types must be ignored. */
export const serverMessageSchema = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('authenticated'),
    tenantId: idSchemas.tenant,
    role: z.string(),
    scopes: z.array(permissionSchema).optional(),
    protocol: z.literal(CONSUMER_PROTOCOL),
  }),
  z.strictObject({
    type: z.literal('subscribed'),
    topic: topicSchema,
    seq: z.int().min(0),
    recovered: z.boolean(),
  }),
  z.strictObject({ type: z.literal('unsubscribed'), topic: topicSchema }),
  z.strictObject({ type: z.literal('snapshot'), topic: topicSchema, calls: z.array(callSchema) }),
  z.strictObject({
    type: z.literal('event'),
    topic: topicSchema,
    event: z.union([
      callEventSchema,
      z.strictObject({ type: z.literal('alert'), at: z.iso.datetime(), data: alertSchema }),
    ]),
  }),
  z.strictObject({ type: z.literal('interim'), topic: topicSchema, data: interimSchema }),
  z.strictObject({ type: z.literal('presence'), topic: topicSchema, users: z.array(z.unknown()) }),
  z.strictObject({ type: z.literal('draining'), reconnectInMs: z.int().min(0) }),
  z.strictObject({ type: z.literal('pong') }),
  z.strictObject({
    type: z.literal('error'),
    code: z.enum(socketErrorCodes),
    message: z.string(),
    topic: topicSchema.optional(),
  }),
])

type Parsed = z.infer<typeof serverMessageSchema>
/** As {@link serverMessageSchema}, with the event typed by its type. */
export type ServerMessage =
  | Exclude<Parsed, { type: 'event' }>
  | { type: 'event'; topic: string; event: CallEvent | TenantAlert }

/** An alert about no call: it has no seq. */
export type TenantAlert = { type: 'alert'; at: string; data: z.infer<typeof alertSchema> }

/** Close codes of the consumer socket beyond RFC 6455's. */
export const socketClose = {
  drain: 1012,
  slowConsumer: 1013,
  flood: 1008,
  tooBig: 1009,
  unauthenticated: 4401,
} as const

/** The topic of one call. */
export function callTopic(callId: string): string {
  return `call:${callId}`
}

/** The topic of the tenant's board. */
export const BOARD_TOPIC = 'calls'
