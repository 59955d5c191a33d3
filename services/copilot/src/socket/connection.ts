import { CONSUMER_PROTOCOL, socketClose } from '@callwire/contracts'
import { errorFields, type Clock, type Logger } from '@callwire/runtime'
import type { RawData, WebSocket } from 'ws'
import type { Consumer, Identify } from '../identify.ts'
import type { Limits } from '../limits.ts'
import type { CopilotMetrics } from '../metrics.ts'
import { createFloodMeter } from './flood.ts'
import { createInbox } from './inbox.ts'
import { createOutbox, type Outbox } from './outbox.ts'
import { readMessage } from './read-message.ts'
import type { Member, Registry } from './registry.ts'
import { createSubscriptions, type SubscriptionDeps, type Subscriptions } from './subscriptions.ts'

export type ConnectionDeps = SubscriptionDeps & {
  identify: Identify
  registry: Pick<Registry, 'add' | 'admit'>
  metrics: CopilotMetrics
  limits: Limits
  clock: Clock
  log: Logger
}

/** One consumer's socket, from its handshake to its end. */
export function openConnection(
  deps: ConnectionDeps,
  socket: WebSocket,
  early: Consumer | null,
): void {
  const { limits, clock } = deps
  const outbox = createOutbox(socket, {
    clock,
    limits,
    onClose: (code) => deps.metrics.closed.inc({ code }),
    onInterimLeftOut: () => deps.metrics.interimsLeftOut.inc(),
  })
  const isFlood = createFloodMeter(limits.maxMessagesPerSecond)
  const { promise: closed, resolve } = Promise.withResolvers<undefined>()
  let consumer: Consumer | null = null
  let subscriptions: Subscriptions | null = null
  let isAlive = true

  const member: Member = {
    get consumer() {
      return consumer
    },
    drain(reconnectInMs) {
      outbox.send({ type: 'draining', reconnectInMs })
      outbox.close(socketClose.drain, 'draining')
    },
    revoke: () => refuseUnauthenticated(outbox),
    destroy: () => socket.terminate(),
    closed,
  }
  deps.registry.add(member)

  const accept = (who: Consumer) => {
    if (!deps.registry.admit(member, who)) {
      outbox.close(socketClose.flood, 'too many sockets')
      return
    }
    consumer = who
    subscriptions = createSubscriptions(deps, who, outbox)
    outbox.send({
      type: 'authenticated',
      tenantId: who.tenantId,
      role: who.role,
      ...(who.kind === 'api_key' ? { scopes: [...who.permissions] } : {}),
      protocol: CONSUMER_PROTOCOL,
    })
  }

  const handle = async (text: string) => {
    if (socket.readyState !== socket.OPEN) return
    const read = readMessage(text)
    if (subscriptions === null) {
      const token =
        read.kind === 'message' && read.message.type === 'authenticate' ? read.message.token : null
      const who = token === null ? null : await deps.identify(token)
      if (who === null) refuseUnauthenticated(outbox)
      else if (isOpen()) accept(who)
      return
    }
    if (read.kind === 'bad') {
      const topic = read.topic === undefined ? {} : { topic: read.topic }
      const message = 'Not a message of this protocol'
      outbox.send({ type: 'error', code: 'bad_message', message, ...topic })
      return
    }
    const { message } = read
    if (message.type === 'subscribe') await subscriptions.subscribe(message.topic, message.after)
    else if (message.type === 'unsubscribe') await subscriptions.unsubscribe(message.topic)
    else if (message.type === 'ping') outbox.send({ type: 'pong' })
    else outbox.send({ type: 'error', code: 'bad_message', message: 'Authenticated already' })
  }
  const isOpen = () => socket.readyState === socket.OPEN

  const inbox = createInbox(socket, limits.maxWaitingBytes, async (text) => {
    try {
      await handle(text)
    } catch (error) {
      deps.log.warn(errorFields(error), 'message not handled')
      outbox.close(1011, 'internal error')
    }
  })

  const closeIfFlood = () => {
    const flood = isFlood(clock.monotonicMs())
    if (flood) outbox.close(socketClose.flood, 'too many messages')
    return flood
  }
  socket.on('message', (data: RawData) => {
    if (!closeIfFlood()) inbox.take(textOf(data))
  })
  // Each is answered with a pong, which takes up memory when its sender does not read.
  socket.on('ping', closeIfFlood)
  socket.on('pong', () => {
    isAlive = true
  })
  // The close that follows says all there is to say.
  socket.on('error', () => undefined)

  const authenticateBy = setTimeout(() => {
    if (consumer === null) refuseUnauthenticated(outbox)
  }, limits.authenticateMs)
  const ping = setInterval(() => {
    if (!isAlive) socket.terminate()
    isAlive = false
    if (isOpen()) socket.ping()
  }, limits.pingMs)
  const tick = setInterval(() => outbox.tick(), limits.tickMs)

  const end = async () => {
    await inbox.settled()
    await subscriptions?.[Symbol.asyncDispose]()
  }
  socket.on('close', () => {
    clearTimeout(authenticateBy)
    clearInterval(ping)
    clearInterval(tick)
    outbox.release()
    end()
      .catch((error: unknown) => deps.log.warn(errorFields(error), 'topics not left'))
      .finally(() => resolve(undefined))
  })

  if (early !== null) accept(early)
}

function refuseUnauthenticated(outbox: Outbox): void {
  outbox.send({
    type: 'error',
    code: 'unauthenticated',
    message: 'The token is missing, wrong, expired or revoked',
  })
  outbox.close(socketClose.unauthenticated, 'unauthenticated')
}

function textOf(data: RawData): string {
  if (Array.isArray(data)) return Buffer.concat(data).toString('utf8')
  return Buffer.from(data as Buffer).toString('utf8')
}
