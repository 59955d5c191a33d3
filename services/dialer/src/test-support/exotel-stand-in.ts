import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What the stand-in does with the next request to place a call. */
export type Behaviour =
  | 'place'
  /** Places the call and cuts the connection. */
  | 'place-and-cut'
  /** Places the call and never answers. */
  | 'place-and-stall'
  /** Places the call and answers after {@link SLOW_MS}. */
  | 'place-slowly'
  /** Cuts the connection without placing anything. */
  | 'cut'
  | { status: number; headers?: Record<string, string>; body?: string }

/** What it does with the next question: nothing at all, a cut, or an answer. */
export type ReadBehaviour = 'stall' | 'cut' | Exclude<Behaviour, string>

/** Long enough for what is to happen before the answer, also on a busy machine. */
export const SLOW_MS = 3_000

export type PlacedCall = {
  sid: string
  form: URLSearchParams
  status: string
  createdAt: Date
  /** What its details say beside, in Exotel's own words. */
  details?: Record<string, unknown>
}

export type SeenRequest = {
  method: string
  path: string
  headers: IncomingMessage['headers']
  body: string
}

export type ExotelStandIn = AsyncDisposable & {
  host: string
  /** Behaviours of the next requests to place a call, in order; afterwards it places. */
  next: Behaviour[]
  /** The same for questions; afterwards it answers from what it placed. */
  nextReads: ReadBehaviour[]
  placed: PlacedCall[]
  requests: SeenRequest[]
  /** How often anybody connected, whether or not a byte came. */
  connections: number
  /** Requests to place a call, in order. */
  dials(): SeenRequest[]
  /** Whether call details v3 answer. */
  v3: boolean
  /** The account's open media streams; null: an account without them. */
  streams: { active: number; limit: number } | 'stall' | null
}

/** Exotel's REST API as its docs show it, on loopback, with a log of all it was asked. */
export async function exotelStandIn(): Promise<ExotelStandIn> {
  const state = {
    host: '',
    next: [] as Behaviour[],
    nextReads: [] as ReadBehaviour[],
    placed: [] as PlacedCall[],
    requests: [] as SeenRequest[],
    connections: 0,
    v3: true,
    streams: { active: 3, limit: 100 } as ExotelStandIn['streams'],
  }
  const server = createServer((request, response) => {
    void bodyOf(request).then((body) => {
      const { method = '', url = '', headers } = request
      state.requests.push({ method, path: url, headers, body })
      answer(state, { method, path: url, body }, request, response)
    })
  })
  server.on('connection', () => {
    state.connections += 1
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  state.host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  return Object.assign(state, {
    dials: () => state.requests.filter(({ method }) => method === 'POST'),
    [Symbol.asyncDispose]: async () => {
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeAllConnections()
      await closed
    },
  })
}

type State = Pick<ExotelStandIn, 'next' | 'nextReads' | 'placed' | 'v3' | 'streams'>

function answer(
  state: State,
  asked: { method: string; path: string; body: string },
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const url = new URL(asked.path, 'http://exotel')
  const reply = (status: number, body: unknown) =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  if (asked.method === 'POST' && url.pathname.endsWith('/Calls/connect.json')) {
    place(state, asked.body, request, response)
    return
  }
  if (url.pathname.endsWith('/ActiveStreams')) {
    const { streams } = state
    if (streams === 'stall') return
    if (streams === null) return void reply(403, { RestException: { Message: 'not enabled' } })
    const { active, limit } = streams
    const xml = `<ActiveStreamCount>${active}</ActiveStreamCount><ThrottleLimit>${limit}</ThrottleLimit>`
    response.writeHead(200).end(`<TwilioResponse><Stream>${xml}</Stream></TwilioResponse>`)
    return
  }
  const behaviour = state.nextReads.shift()
  if (behaviour === 'stall') return
  if (behaviour === 'cut') {
    request.socket.destroy()
  } else if (behaviour !== undefined) {
    response.writeHead(behaviour.status, behaviour.headers).end(behaviour.body ?? '')
  } else if (url.pathname.endsWith('/Calls.json')) {
    const from = url.searchParams.get('From') ?? ''
    const found = state.placed.filter(({ form }) => form.get('From') === from)
    reply(200, { Metadata: { Total: found.length }, Calls: found.map(v1Call) })
  } else {
    const sid = /\/calls\/([^/.]+)(?:\.json)?$/i.exec(url.pathname)?.[1]
    const call = state.placed.find((placed) => placed.sid === sid)
    const v3 = url.pathname.startsWith('/v3/')
    if (call === undefined || (v3 && !state.v3)) reply(404, { RestException: { Status: 404 } })
    else if (v3) reply(200, v3Call(call))
    else reply(200, { Call: v1Call(call) })
  }
}

function place(
  state: State,
  body: string,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const behaviour = state.next.shift() ?? 'place'
  if (typeof behaviour === 'object') {
    response.writeHead(behaviour.status, behaviour.headers).end(behaviour.body ?? '')
    return
  }
  if (behaviour === 'cut') {
    request.socket.destroy()
    return
  }
  const call: PlacedCall = {
    sid: `sid${state.placed.length + 1}${Math.random().toString(16).slice(2)}`,
    form: new URLSearchParams(body),
    status: 'in-progress',
    createdAt: new Date(),
  }
  state.placed.push(call)
  if (behaviour === 'place-and-cut') request.socket.destroy()
  const reply = () => {
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ Call: v1Call(call) }))
  }
  if (behaviour === 'place') reply()
  if (behaviour === 'place-slowly') setTimeout(reply, SLOW_MS)
}

function v1Call(call: PlacedCall) {
  const number = (name: string) => call.form.get(name)?.replace(/^\+91/, '0') ?? null
  return {
    Sid: call.sid,
    DateCreated: ist(call.createdAt),
    From: number('From'),
    To: number('To') ?? number('CallerId'),
    PhoneNumberSid: number('CallerId'),
    Status: call.status,
    Duration: call.status === 'completed' ? '17' : null,
    Direction: 'outbound-api',
    RecordingUrl: null,
    ...call.details,
  }
}

function v3Call(call: PlacedCall) {
  const details = {
    sid: call.sid,
    state: call.status === 'in-progress' ? 'active' : 'terminal',
    status: null,
    custom_field: call.form.get('CustomField'),
  }
  return { http_code: 200, response: { code: 200, status: 'success', call_details: details } }
}

/** India's time without a zone, as Exotel writes it. */
function ist(date: Date): string {
  const shifted = new Date(date.getTime() + 5.5 * 3_600_000)
  return shifted.toISOString().slice(0, 19).replace('T', ' ')
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString('utf8')
}
