import { once } from 'node:events'
import { connect } from 'node:net'
import { eventually } from '@callwire/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { startConstellation, type Constellation } from './constellation.ts'
import { ofType } from './expected-words.ts'

/** Another tenant's applet, a proxy in front of us, and somebody else. */
const LISTED = '203.0.113.9'
const OTHER_LISTED = '203.0.113.77'
const STRANGER = '198.51.100.7'

let system: Constellation
let credentials: { key: string; token: string; resolveUrl: string }
let doors: Record<Door, { http: string; socket: string }>
type Door = 'ingest' | 'gateway'
const each: Door[] = ['ingest', 'gateway']

beforeAll(async () => {
  system = await startConstellation({
    // Dual stack: every IPv4 peer comes as ::ffff:a.b.c.d.
    HOST: '::',
    SUPPORT_EXOTEL: 'true',
    INGEST_ALLOWED_IPS: '203.0.113.0/24',
    TRUSTED_PROXIES: '127.0.0.0/8',
    PUBLIC_URL: 'https://calls.example',
  })
  const phoneId = await system.phoneWith({ name: 'Listener', kind: 'stream' })
  const made = await system.client.phones.createIngestCredentials(phoneId)
  credentials = made.ingestCredentials
  const { gatewayUrl, ingestUrl } = system.runFile() as unknown as Record<string, string>
  const door = (url = '') => ({
    http: `http://127.0.0.1:${new URL(url).port}`,
    socket: `ws://127.0.0.1:${new URL(url).port}`,
  })
  doors = { ingest: door(ingestUrl), gateway: door(gatewayUrl) }
  jwt = await ingestToken({ phoneId })
})
afterAll(() => system[Symbol.asyncDispose]())

let jwt: string
async function ingestToken(of: { phoneId: string }): Promise<string> {
  const answer = await fetch(`${doors.gateway.http}/api/v1/ingest-tokens`, {
    method: 'POST',
    headers: { authorization: `Bearer ${system.apiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify(of),
  })
  const { data } = (await answer.json()) as { data: { ingestToken: { token: string } } }
  return data.ingestToken.token
}

const basic = () => ({ authorization: `Basic ${btoa(`${credentials.key}:${credentials.token}`)}` })
const from = (forwardedFor: string) => ({ 'x-forwarded-for': forwardedFor })

const start = (callSid: string) =>
  JSON.stringify({
    event: 'start',
    stream_sid: 'MZ1',
    sequence_number: '1',
    start: {
      stream_sid: 'MZ1',
      call_sid: callSid,
      account_sid: 'acme1m',
      from: '09876500001',
      to: '08047112200',
      media_format: { encoding: 'base64', sample_rate: '8000' },
    },
  })
const FRAMES = 10
const frames = Array.from({ length: FRAMES }, (_, i) =>
  JSON.stringify({
    event: 'media',
    sequence_number: String(i + 2),
    media: { chunk: String(i + 1), payload: Buffer.alloc(320, i + 1).toString('base64') },
  }),
)
const stop = JSON.stringify({ event: 'stop', stop: { reason: 'callended' } })

/** The HTTP status of a refusal, or the code of the close that a whole stream ends with. */
async function play(
  url: string,
  headers: Record<string, string>,
  callSid: string,
  last: readonly string[] = [stop],
) {
  const socket = new WebSocket(url, { headers })
  const refused = new Promise<number>((resolve) => {
    socket.on('unexpected-response', (_request, response) => {
      resolve(response.statusCode ?? 0)
      socket.terminate()
    })
  })
  socket.on('error', () => undefined)
  socket.on('open', () => {
    for (const text of [start(callSid), ...frames, ...last]) socket.send(text)
  })
  const closed = once(socket, 'close').then(([code]) => code as number)
  return Promise.race([refused, closed])
}

/** Frames that the ledger has of the inbound call with this sid. */
async function framesOf(callSid: string): Promise<number> {
  return eventually(
    async () => {
      const { calls } = await system.client.calls.list({ sid: callSid })
      if (calls[0] === undefined) return null
      const { events } = await system.client.calls.events(calls[0].id)
      return ofType(events, 'stream.ended')[0]?.data.frames ?? null
    },
    { boundMs: 20_000, what: `the end of ${callSid}` },
  )
}

/** As Exotel's dynamic endpoint is asked: by GET or POST, for a path with a token in it. */
async function resolve(door: Door, method: 'GET' | 'POST', callSid: string): Promise<string> {
  const { pathname } = new URL(credentials.resolveUrl)
  const fields = new URLSearchParams({ CallSid: callSid, CallTo: '08047112200' })
  const url = `${doors[door].http}${pathname}`
  const answer = await (method === 'GET'
    ? fetch(`${url}?${fields.toString()}`)
    : fetch(url, { method, body: fields }))
  const { url: given } = (await answer.json()) as { url: string }
  expect(given).toMatch(/^wss:\/\/calls\.example\/v1\/ingest\/t\//)
  return new URL(given).pathname
}

describe.each(each)('through the %s', (door) => {
  const media = () => `${doors[door].socket}/v1/ingest`
  const sid = (name: string) => `${name}-${door}`

  test.each<[string, () => Record<string, string>]>([
    ['Basic', basic],
    ['a JWT', () => ({ authorization: `Bearer ${jwt}` })],
  ])('%s admits from the list', async (name, headers) => {
    const callSid = sid(name.replace(' ', '-'))
    expect(await play(media(), { ...headers(), ...from(LISTED) }, callSid)).toBe(1000)
    expect(await framesOf(callSid)).toBe(FRAMES)
  })

  test.each(['GET', 'POST'] as const)(
    'a token of the dynamic endpoint, asked by %s',
    async (method) => {
      const callSid = sid(`resolve-${method}`)
      const path = await resolve(door, method, callSid)
      expect(await play(`${doors[door].socket}${path}`, from(OTHER_LISTED), callSid)).toBe(1000)
      expect(await framesOf(callSid)).toBe(FRAMES)
      // Burnt by its start.
      expect(await play(`${doors[door].socket}${path}`, from(LISTED), callSid)).toBe(401)
    },
  )

  test('the address alone opens a socket, and binds no call that is not ours', async () => {
    expect(await play(media(), from(LISTED), sid('address'), [])).toBe(1008)
  })

  test.each<[string, Record<string, string>]>([
    ['an address off the list', from(STRANGER)],
    ['a list of its own in front of the proxy’s word', from(`${LISTED}, ${STRANGER}`)],
    ['a word that is no address', from(`${LISTED}, unknown`)],
    ['a mapped address off the list', from(`::ffff:${STRANGER}`)],
    ['the proxy itself', {}],
    [
      'a proof of its own',
      { ...from(LISTED), 'x-callwire-edge': 't=1,v=forged-forged-forged-forged' },
    ],
  ])('%s does not admit, however good the credentials are', async (name, headers) => {
    // At the gateway the edge’s own header is nobody else’s to write: what is left is the list’s.
    const isDropped = door === 'gateway' && 'x-callwire-edge' in headers
    const status = await play(media(), { ...basic(), ...headers }, sid(name.slice(0, 12)))
    expect(status).toBe(isDropped ? 1000 : 401)
  })

  test.each<[string, string]>([
    ['a mapped address', `::ffff:${LISTED}`],
    ['a chain of trusted proxies', `${LISTED}, 127.0.0.9, ::ffff:127.0.0.8`],
  ])('%s on the list admits', async (name, forwardedFor) => {
    const headers = { ...basic(), ...from(forwardedFor) }
    expect(await play(media(), headers, sid(name.replaceAll(' ', '-')))).toBe(1000)
  })

  test('what comes in one packet with the handshake is not lost', async () => {
    const callSid = sid('one-packet')
    const { port } = new URL(doors[door].http)
    const socket = connect(Number(port), '127.0.0.1')
    socket.on('error', () => undefined)
    const head = [
      'GET /v1/ingest HTTP/1.1',
      'Host: calls.example',
      'Upgrade: websocket',
      'Connection: Upgrade',
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
      'Sec-WebSocket-Version: 13',
      `Authorization: ${basic().authorization}`,
      `X-Forwarded-For: ${LISTED}`,
      '\r\n',
    ].join('\r\n')
    const texts = [start(callSid), ...frames, stop]
    socket.write(Buffer.concat([Buffer.from(head), ...texts.map(maskedText)]))
    socket.resume()
    try {
      expect(await framesOf(callSid)).toBe(FRAMES)
    } finally {
      socket.destroy()
    }
  })
})

/** RFC 6455 §5.2: a text frame of a client's, masked with zeros. */
function maskedText(text: string): Buffer {
  const payload = Buffer.from(text)
  const isShort = payload.length < 126
  const head = Buffer.alloc(isShort ? 6 : 8)
  head[0] = 0x81
  head[1] = 0x80 | (isShort ? payload.length : 126)
  if (!isShort) head.writeUInt16BE(payload.length, 2)
  return Buffer.concat([head, payload])
}
