import { CONSUMER_PROTOCOL, socketClose } from '@callwire/contracts'
import { errorFields, type Clock, type Logger } from '@callwire/runtime'
import type { RawData, WebSocket } from 'ws'
import type { Consumer, Identify } from '../identify.ts'
import { createFloodMeter } from './flood.ts'
import { createOutbox, type Outbox } from './outbox.ts'
import { readMessage } from './read-message.ts'
import { createSubscriptions, type SubscriptionDeps, type Subscriptions } from './subscriptions.ts'

export type ConnectionDeps = SubscriptionDeps & {
  identify: Identify
  /** Takes a place for this consumer; false when it has too many sockets. */
  admit(connection: Connection, consumer: Consumer): boolean
  clock: Clock
  log: Logger
}

export type Connection = {
  readonly consumer: Consumer | null
  /** Told to come back elsewhere, then closed. */
  drain(reconnectInMs: number): void
  /** The key or session is no longer good. */
  revoke(): void
  readonly closed: Promise<void>
}

/** A socket that does not say who it is. */
const AUTHENTICATE_MS = 5_000
const PING_MS = 20_000
const TICK_MS = 1_000

/**
 * One consumer's socket. Messages are handled one after another, so answers keep the order of the
 * questions; the flood limit bounds how many can be waiting.
 */
export function openConnection(
  deps: ConnectionDeps,
  socket: WebSocket,
  early: Consumer | null,
): Connection {
  const outbox = createOutbox(socket, deps.clock)
  const isFlood = createFloodMeter()
  const { promise: closed, resolve } = Promise.withResolvers<undefined>()
  let consumer: Consumer | null = null
  let subscriptions: Subscriptions | null = null
  let work: Promise<void> = Promise.resolve()
  let alive = true

  const accept = (who: Consumer) => {
    consumer = who
    if (!deps.admit(connection, who)) {
      outbox.close(socketClose.flood, 'too many sockets')
      return
    }
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
    const read = readMessage(text)
    if (consumer === null || subscriptions === null) {
      const token =
        read.kind === 'message' && read.message.type === 'authenticate' ? read.message.token : null
      const who = token === null ? null : await deps.identify(token)
      if (who === null) refuseUnauthenticated(outbox)
      else accept(who)
      return
    }
    if (read.kind === 'bad') {
      const topic = read.topic === undefined ? {} : { topic: read.topic }
      outbox.send({
        type: 'error',
        code: 'bad_message',
        message: 'Not a message of this protocol',
        ...topic,
      })
      return
    }
    const { message } = read
    if (message.type === 'subscribe') await subscriptions.subscribe(message.topic, message.after)
    else if (message.type === 'unsubscribe') await subscriptions.unsubscribe(message.topic)
    else if (message.type === 'ping') outbox.send({ type: 'pong' })
    else outbox.send({ type: 'error', code: 'bad_message', message: 'Authenticated already' })
  }

  const enqueue = (text: string) => {
    work = work.then(async () => {
      try {
        if (socket.readyState === socket.OPEN) await handle(text)
      } catch (error) {
        deps.log.warn(errorFields(error), 'message not handled')
        outbox.close(1011, 'internal error')
      }
    })
  }

  socket.on('message', (data: RawData) => {
    if (isFlood(deps.clock.monotonicMs())) outbox.close(socketClose.flood, 'too many messages')
    else enqueue(textOf(data))
  })
  socket.on('pong', () => {
    alive = true
  })
  // The close that follows says all there is to say.
  socket.on('error', () => undefined)

  const authenticateBy = setTimeout(() => {
    if (consumer === null) refuseUnauthenticated(outbox)
  }, AUTHENTICATE_MS)
  const ping = setInterval(() => {
    if (!alive) socket.terminate()
    alive = false
    if (socket.readyState === socket.OPEN) socket.ping()
  }, PING_MS)
  const tick = setInterval(() => outbox.tick(), TICK_MS)

  socket.on('close', () => {
    clearTimeout(authenticateBy)
    clearInterval(ping)
    clearInterval(tick)
    work = work.then(async () => {
      await subscriptions?.[Symbol.asyncDispose]()
      resolve(undefined)
    })
  })

  const connection: Connection = {
    get consumer() {
      return consumer
    },
    drain(reconnectInMs) {
      outbox.send({ type: 'draining', reconnectInMs })
      outbox.close(socketClose.drain, 'draining')
    },
    revoke: () => refuseUnauthenticated(outbox),
    closed,
  }
  if (early !== null) accept(early)
  return connection
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
