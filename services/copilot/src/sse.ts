import {
  failureSchema,
  idSchemas,
  statusOf,
  type CallEvent,
  type ErrorCode,
  type Failure,
} from '@callwire/contracts'
import type { Ledger } from '@callwire/ledger'
import { errorFields } from '@callwire/runtime'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { bearerOf, type Consumer, type Identify } from './identify.ts'
import type { Limits } from './limits.ts'
import type { Registry } from './socket/registry.ts'
import { openEventStream, type EventStream } from './sse/event-stream.ts'
import { followCall, type FollowDeps } from './topics/follow-call.ts'
import type { HeadWatch } from './topics/head-watch.ts'

export type SseDeps = FollowDeps & {
  ledger: Pick<Ledger, 'read' | 'heads'>
  heads: HeadWatch
  identify: Identify
  registry: Pick<Registry, 'add' | 'admit'>
  /** Whether nobody new is taken. */
  isDraining: () => boolean
  limits: Limits
}

const sentences = {
  unauthenticated: 'The token is missing, wrong, expired or revoked',
  forbidden: 'This token may not follow calls',
  not_found: 'No such call in this tenant',
  validation_failed: 'Last-Event-ID is not a seq',
  rate_limited: 'Too many open connections of this consumer',
  unavailable: 'Try again in a moment',
} as const satisfies Partial<Record<ErrorCode, string>>

type Refusal = keyof typeof sentences
type Target = { consumer: Consumer; callId: string; after: number }

function refuse(request: FastifyRequest, reply: FastifyReply, code: Refusal) {
  const failure: Failure = failureSchema.parse({
    success: false,
    error: { code, message: sentences[code], requestId: request.id },
  })
  return reply.code(statusOf(code)).send(failure)
}

type EventsRequest = FastifyRequest<{ Params: { id: string } }>

/** The twin of the consumer socket for one call, as server-sent events. */
export function registerSse(app: FastifyInstance, deps: SseDeps): void {
  app.get('/v1/copilot/calls/:id/events', async (request: EventsRequest, reply) => {
    const found = await findTarget(deps, request)
    // Asked after the wait: the process may have begun to drain in it.
    const target = deps.isDraining() ? 'unavailable' : found
    if (typeof target === 'string') return refuse(request, reply, target)
    const stream = openEventStream(reply.raw, deps, target.consumer)
    if (!deps.registry.admit(stream.member, target.consumer)) {
      stream.abandon()
      return refuse(request, reply, 'rate_limited')
    }
    deps.registry.add(stream.member)
    reply.hijack()
    stream.begin()
    await play(deps, stream, target)
    return reply
  })
}

async function findTarget(deps: SseDeps, request: EventsRequest): Promise<Target | Refusal> {
  try {
    const token = bearerOf(request.headers.authorization)
    const consumer = token === null ? null : await deps.identify(token)
    if (consumer === null) return 'unauthenticated'
    if (!consumer.permissions.has('transcripts:read')) return 'forbidden'
    const callId = idSchemas.call.safeParse(request.params.id).data
    if (callId === undefined) return 'not_found'
    const head = (await deps.ledger.heads(consumer.tenantId, [callId])).get(callId)
    if (head === undefined) return 'not_found'
    // An empty one is what a client sends that has seen nothing (WHATWG HTML, 9.2).
    const last = request.headers['last-event-id'] ?? ''
    if (typeof last !== 'string' || !/^\d{0,9}$/.test(last)) return 'validation_failed'
    return { consumer, callId, after: Math.min(Number(last), head) }
  } catch (error) {
    deps.log.warn(errorFields(error), 'event stream could not be opened')
    return 'unavailable'
  }
}

/** Until the reader has gone or has the receipt that closes the call. */
async function play(deps: SseDeps, stream: EventStream, target: Target): Promise<void> {
  const { callId, after } = target
  const { tenantId } = target.consumer
  let lastSent: { seq: number; type: string } | null = null

  const endIfClosed = (head: number | undefined) => {
    if (lastSent?.type === 'call.receipt' && lastSent.seq === head) stream.end()
  }
  const askForHead = async () => {
    try {
      endIfClosed((await deps.ledger.heads(tenantId, [callId])).get(callId))
    } catch (error) {
      // The head watch tells in a moment.
      deps.log.debug(errorFields(error), 'head not read')
    }
  }
  const send = (event: CallEvent) => {
    stream.send(event)
    lastSent = event
    if (event.type === 'call.receipt') void askForHead()
  }
  try {
    await using following = await followCall(
      deps,
      { tenantId, callId, after },
      { event: send, interim: () => undefined, room: () => stream.room() },
    )
    const unwatch = deps.heads.watch({
      tenantId,
      callId,
      head(seq) {
        following.head(seq)
        endIfClosed(seq)
      },
    })
    try {
      // A reader that has everything already, receipt included, is not kept waiting for more.
      if (after > 0) {
        const [had] = await deps.ledger.read(tenantId, callId, { after: after - 1, limit: 1 })
        lastSent ??= had ?? null
        await askForHead()
      }
      await stream.ended
    } finally {
      unwatch()
    }
  } catch (error) {
    deps.log.warn({ callId, ...errorFields(error) }, 'event stream broken off')
  } finally {
    stream.end()
  }
}
