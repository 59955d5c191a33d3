// For tests: a running simulator and the system it talks to, both on free ports of loopback.
import { createServer } from 'node:http'
import { type AddressInfo } from 'node:net'
import { type Dispatcher, type FormData, request } from 'undici'
import { type WebSocket, WebSocketServer } from 'ws'
import { z } from 'zod'
import { createSimulator } from '../simulator.ts'

/** For what comes within milliseconds, and on a busy machine within seconds. */
const WAIT_MS = 30_000

export type Received = {
  path: string
  contentType: string
  authorization: string
  body: string
  atMs: number
}
export type Message = Record<string, unknown> & { event: string }
export type Connection = {
  path: string
  authorization: string
  messages: Message[]
  frames: Buffer[]
  closeCode: number | null
  socket: WebSocket
}
export type Reply = { status: number; headers: Dispatcher.ResponseData['headers']; text: string }

const Body = z.looseObject({ Call: z.looseObject({ Sid: z.string() }) })
const Media = z.looseObject({
  event: z.string(),
  media: z.looseObject({ payload: z.base64() }).optional(),
})

/** What stands where Callwire would: takes callbacks, media sockets and requests for a stream's address. */
export async function startSink() {
  const received: Received[] = []
  const connections: Connection[] = []
  const answers: { status: number; body?: string }[] = []
  const server = createServer((message, reply) => {
    const parts: Buffer[] = []
    message.on('data', (part: Buffer) => parts.push(part))
    message.on('end', () => {
      received.push({
        ...{ path: message.url ?? '', body: Buffer.concat(parts).toString('utf8') },
        contentType: message.headers['content-type'] ?? '',
        authorization: message.headers.authorization ?? '',
        atMs: performance.now(),
      })
      const answer = answers.shift() ?? { status: 200 }
      reply.writeHead(answer.status)
      reply.end(answer.body ?? '')
    })
  })
  const sockets = new WebSocketServer({ server })
  sockets.on('connection', (socket, message) => {
    const connection: Connection = {
      ...{ path: message.url ?? '', authorization: message.headers.authorization ?? '' },
      ...{ messages: [], frames: [], closeCode: null, socket },
    }
    connections.push(connection)
    socket.on('message', (data: Buffer) => {
      const parsed = Media.parse(JSON.parse(data.toString('utf8')))
      connection.messages.push(parsed)
      if (parsed.media) connection.frames.push(Buffer.from(parsed.media.payload, 'base64'))
    })
    socket.on('close', (code) => (connection.closeCode = code))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    received,
    connections,
    answers,
    http: `http://127.0.0.1:${port}`,
    ws: `ws://127.0.0.1:${port}`,
    async close() {
      for (const client of sockets.clients) client.terminate()
      sockets.close()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** Waits until `look` sees something; fails after half a minute. */
export async function until<T>(look: () => T | null | undefined | false): Promise<T> {
  const deadline = performance.now() + WAIT_MS
  for (;;) {
    const seen = look()
    if (seen !== null && seen !== undefined && seen !== false) return seen
    if (performance.now() > deadline) throw new Error('nothing came in time')
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

export const account = {
  sid: 'acme1',
  apiKey: 'key-1',
  apiToken: 'token-1',
  phones: ['08047112233'],
}

export async function startWorld(
  options: { dataDir?: string; settleMs?: number; requestsPerMinute?: number } = {},
) {
  const sink = await startSink()
  const simulator = await createSimulator({
    ...{ logLevel: 'silent', dataDir: options.dataDir ?? null, retryScale: 0.02 },
    settleMs: options.settleMs ?? 0,
  })
  const base = await simulator.app.listen({ host: '127.0.0.1', port: 0 })

  async function send(
    method: Dispatcher.HttpMethod,
    path: string,
    o: { headers?: Record<string, string>; body?: string | FormData } = {},
  ): Promise<Reply> {
    const reply = await request(base + path, {
      ...{ method, headers: o.headers ?? {}, body: o.body ?? null },
      ...{ headersTimeout: WAIT_MS, bodyTimeout: WAIT_MS },
    })
    return { status: reply.statusCode, headers: reply.headers, text: await reply.body.text() }
  }
  const basic = (user = account.apiKey, password = account.apiToken) => ({
    authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
  })
  const control = (path: string, body: unknown, method: Dispatcher.HttpMethod = 'POST') =>
    send(method, `/simulator/${path}`, {
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
  const connect = (fields: Record<string, string>, path = 'Calls/connect.json') =>
    send('POST', `/v1/Accounts/${account.sid}/${path}`, {
      headers: { ...basic(), 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams(fields).toString(),
    })

  const limit = options.requestsPerMinute
  await control('accounts', {
    ...account,
    ...(limit === undefined ? {} : { requestsPerMinute: limit }),
  })
  await control('scenario', { timeScale: 0, talkMs: 100 })

  return {
    ...{ sink, base, send, basic, control, connect, simulator },
    read: (path: string) => send('GET', path, { headers: basic() }),
    /** A mode C request that streams to the sink and reports to `/status`. */
    streamFields: (extra: Record<string, string> = {}): Record<string, string> => ({
      ...{ From: '+919876543210', CallerId: '08047112233', StreamType: 'bidirectional' },
      ...{ StreamUrl: `${sink.ws}/media`, StatusCallback: `${sink.http}/status` },
      ...extra,
    }),
    /** The Sid in a reply. */
    sidOf: (reply: Reply): string => Body.parse(JSON.parse(reply.text)).Call.Sid,
    async close() {
      await simulator.close()
      await sink.close()
    },
  }
}

export type World = Awaited<ReturnType<typeof startWorld>>
