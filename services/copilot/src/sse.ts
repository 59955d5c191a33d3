import type { Ledger } from '@callwire/ledger'
import {
  failureSchema,
  idSchemas,
  statusOf,
  type CallEvent,
  type ErrorCode,
  type Failure,
} from '@callwire/contracts'
import { errorFields } from '@callwire/runtime'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { bearerOf, type Identify } from './identify.ts'
import { followCall, type FollowDeps } from './topics/follow-call.ts'
import type { HeadWatch } from './topics/head-watch.ts'

export type SseDeps = FollowDeps & {
  ledger: Pick<Ledger, 'read' | 'heads'>
  heads: HeadWatch
  identify: Identify
}

const PING_MS = 15_000
/** A reader further behind than this is cut off: it comes back with Last-Event-ID. */
const SLOW_BYTES = 4 * 1024 * 1024
const ROOM_BYTES = 512 * 1024

const sentences = {
  unauthenticated: 'The token is missing, wrong, expired or revoked',
  forbidden: 'This token may not follow calls',
  not_found: 'No such call in this tenant',
  validation_failed: 'Last-Event-ID is not a seq',
} as const satisfies Partial<Record<ErrorCode, string>>

function refuse(request: FastifyRequest, reply: FastifyReply, code: keyof typeof sentences) {
  const failure: Failure = failureSchema.parse({
    success: false,
    error: { code, message: sentences[code], requestId: request.id },
  })
  return reply.code(statusOf(code)).send(failure)
}

/** The twin of the consumer socket for one call, as server-sent events. */
export function registerSse(app: FastifyInstance, deps: SseDeps, stop: AbortSignal): void {
  app.get<{ Params: { id: string } }>('/v1/copilot/calls/:id/events', async (request, reply) => {
    const token = bearerOf(request.headers.authorization)
    const consumer = token === null ? null : await deps.identify(token)
    if (consumer === null) return refuse(request, reply, 'unauthenticated')
    if (!consumer.permissions.has('transcripts:read')) return refuse(request, reply, 'forbidden')
    const callId = idSchemas.call.safeParse(request.params.id).data
    const head =
      callId === undefined
        ? undefined
        : (await deps.ledger.heads(consumer.tenantId, [callId])).get(callId)
    if (callId === undefined || head === undefined) return refuse(request, reply, 'not_found')
    const last = request.headers['last-event-id'] ?? '0'
    if (typeof last !== 'string' || !/^\d{1,9}$/.test(last))
      return refuse(request, reply, 'validation_failed')
    await stream(
      deps,
      reply,
      { tenantId: consumer.tenantId, callId, after: Math.min(Number(last), head) },
      stop,
    )
    return reply
  })
}

async function stream(
  deps: SseDeps,
  reply: FastifyReply,
  target: { tenantId: string; callId: string; after: number },
  stop: AbortSignal,
): Promise<void> {
  reply.hijack()
  const response = reply.raw
  response.writeHead(200, {
    'content-type': 'text/event-stream',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
  })
  const over = Promise.withResolvers<undefined>()
  const end = () => over.resolve(undefined)
  response.on('close', end)
  stop.addEventListener('abort', end, { once: true })

  const write = (text: string) => {
    if (response.writableLength > SLOW_BYTES) response.destroy()
    else response.write(text)
  }
  const send = (event: CallEvent) => {
    write(`id: ${String(event.seq)}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`)
    if (event.type === 'call.receipt') void endIfHead(event.seq)
  }
  const endIfHead = async (seq: number) => {
    try {
      const head = (await deps.ledger.heads(target.tenantId, [target.callId])).get(target.callId)
      if (head === seq) end()
    } catch (error) {
      deps.log.debug(errorFields(error), 'head not read')
    }
  }
  const room = async () => {
    if (response.writableLength <= ROOM_BYTES || response.destroyed) return
    await new Promise((resolve) => response.once('drain', resolve).once('close', resolve))
  }
  const ping = setInterval(() => write(': ping\n\n'), PING_MS)
  const following = await followCall(deps, target, { event: send, interim: () => undefined, room })
  const unwatch = deps.heads.watch({ ...target, head: (seq) => following.head(seq) })
  // A reader that has everything already, receipt included, is not kept waiting for more.
  const [last] = await deps.ledger.read(target.tenantId, target.callId, {
    after: target.after - 1,
    limit: 1,
  })
  if (last?.type === 'call.receipt' && last.seq === target.after) void endIfHead(last.seq)
  await over.promise
  clearInterval(ping)
  unwatch()
  stop.removeEventListener('abort', end)
  await following[Symbol.asyncDispose]()
  response.end()
}
