import { serverMessageSchema, type ServerMessage } from '@callwire/contracts'
import { eventually } from '@callwire/testkit'
import { WebSocket } from 'ws'

export type Message = { type: ServerMessage['type'] } & Record<string, unknown>

/** A consumer that keeps all it hears, and checks each message against the contract. */
export type ConsumerSocket = {
  readonly socket: WebSocket
  readonly heard: Message[]
  send(message: unknown): void
  /** The first message of this type that was not asked for before. */
  next(type: ServerMessage['type'], topic?: string): Promise<Message>
  /** Seqs of a topic's events so far, in the order they came. */
  seqs(topic: string): number[]
  closed: Promise<{ code: number; reason: string }>
  /** The HTTP status of a refused upgrade, or `null` when it was let in. */
  refused: Promise<{ status: number; body: string } | null>
}

export function connect(
  url: string,
  headers: Record<string, string> = {},
  o: { check?: boolean } = {},
): ConsumerSocket {
  const socket = new WebSocket(url, { headers })
  const heard: Message[] = []
  const asked = new Set<Message>()
  const closed = Promise.withResolvers<{ code: number; reason: string }>()
  const refused = Promise.withResolvers<{ status: number; body: string } | null>()
  socket.on('open', () => refused.resolve(null))
  socket.on('unexpected-response', (_request, response) => {
    let body = ''
    response.on('data', (chunk: Buffer) => (body += chunk.toString()))
    response.on('end', () => refused.resolve({ status: response.statusCode ?? 0, body }))
  })
  socket.on('error', () => undefined)
  socket.on('message', (data: Buffer) => {
    const text = data.toString()
    const message = JSON.parse(text) as Message
    if (o.check !== false) {
      serverMessageSchema.parse(message)
      if (!text.startsWith('{"type":"') || text !== JSON.stringify(message)) {
        throw new Error('not compact, or type is not first')
      }
    }
    heard.push(message)
  })
  socket.on('close', (code, reason) => closed.resolve({ code, reason: reason.toString() }))
  return {
    socket,
    heard,
    closed: closed.promise,
    refused: refused.promise,
    send: (message) => socket.send(typeof message === 'string' ? message : JSON.stringify(message)),
    next: async (type, topic) => {
      const found = await eventually(
        () =>
          heard.find(
            (message) =>
              message.type === type &&
              (topic === undefined || message['topic'] === topic) &&
              !asked.has(message),
          ),
        { what: `${type}; heard ${JSON.stringify(heard.slice(-5))}` },
      )
      asked.add(found)
      return found
    },
    seqs: (topic) =>
      heard
        .filter((message) => message.type === 'event' && message['topic'] === topic)
        .map((message) => (message['event'] as { seq: number }).seq),
  }
}

/** 1…n. */
export const upTo = (n: number, from = 1) =>
  Array.from({ length: n - from + 1 }, (_, i) => from + i)
