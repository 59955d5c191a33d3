import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

type Stored = { number: string; exotelData: { sid: string; subdomain: string } | null }
type Body = {
  number: string
  country: string
  tags: string[]
  exotelConfig?: Record<string, string>
}
type Refusal = { status: number; code: string; retryAfter?: string; details?: unknown }

/** The gateway's phones as its routes have them, two a page; refusals come when they are asked for. */
export type StubGateway = AsyncDisposable & {
  url: string
  phones: Map<string, Stored>
  /** What was posted and taken. */
  bodies: Body[]
  /** Each answers one post. */
  refusals: Refusal[]
  asked: number
  reset(): void
}

export async function startStubGateway(): Promise<StubGateway> {
  const server = createServer((request, response) => {
    let text = ''
    request.on('data', (chunk: Buffer) => (text += chunk.toString()))
    request.on('end', () => {
      stub.asked += 1
      if (request.method === 'GET') list(stub, request, response)
      else post(stub, text, response)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const stub: StubGateway = {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    phones: new Map(),
    bodies: [],
    refusals: [],
    asked: 0,
    reset() {
      stub.phones.clear()
      Object.assign(stub, { bodies: [], refusals: [], asked: 0 })
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return stub
}

const PAGE = 2

function list(stub: StubGateway, request: IncomingMessage, response: ServerResponse): void {
  const all = [...stub.phones.values()]
  const from = Number(new URL(request.url ?? '', stub.url).searchParams.get('cursor') ?? 0)
  const nextCursor = from + PAGE < all.length ? String(from + PAGE) : null
  const phones = all.slice(from, from + PAGE)
  say(response, 200, { success: true, data: { phones, nextCursor } })
}

function post(stub: StubGateway, text: string, response: ServerResponse): void {
  const refusal = stub.refusals.shift()
  if (refusal !== undefined) return refuse(response, refusal)
  const body = JSON.parse(text) as Body
  const { exotelConfig: config, number } = body
  stub.bodies.push(body)
  if (stub.phones.has(number) && config === undefined)
    return refuse(response, { status: 409, code: 'conflict' })
  const phone = {
    number,
    exotelData:
      config === undefined
        ? null
        : { sid: config['sid'] ?? '', subdomain: config['subdomain'] ?? '' },
  }
  stub.phones.set(number, phone)
  say(response, 201, { success: true, data: { phone } })
}

function refuse(response: ServerResponse, { status, code, retryAfter, details }: Refusal): void {
  const error = { code, message: 'No.', requestId: 'r', details }
  const headers = retryAfter === undefined ? {} : { 'retry-after': retryAfter }
  say(response, status, { success: false, error }, headers)
}

function say(response: ServerResponse, status: number, body: unknown, headers = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers })
  response.end(JSON.stringify(body))
}
