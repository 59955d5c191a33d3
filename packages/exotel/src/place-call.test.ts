import { createServer, type Socket } from 'node:net'
import { expect, test } from 'vitest'
import { accountAt, apiKey, apiToken, clientFor, go, request } from './test-support/account.ts'
import { reply, standIn, type Answer } from './test-support/stand-in.ts'
import type { PlaceCallOutcome } from './place-call.ts'

const placed = { Call: { Sid: 'c5797dcb00112233445566778899aa18bl', Status: 'in-progress' } }

async function outcomeOf(
  answer: Answer,
  o: { timeoutMs?: number } = {},
): Promise<PlaceCallOutcome> {
  await using exotel = await standIn(answer)
  return await clientFor(exotel.host, o).placeCall(accountAt(exotel.host), request, go)
}

test('sends one form-encoded POST with a Basic header, and nothing of it in the URL', async () => {
  await using exotel = await standIn(reply(200, placed))
  const outcome = await clientFor(exotel.host).placeCall(accountAt(exotel.host), request, go)
  expect(outcome).toEqual({ kind: 'placed', sid: placed.Call.Sid })
  expect(exotel.received).toHaveLength(1)
  const [head = '', body = ''] = (exotel.received[0] ?? '').split('\r\n\r\n')
  expect(head).toMatch(/^POST \/v1\/Accounts\/acme1\/Calls\/connect\.json HTTP\/1\.1\r\n/)
  expect(head).toContain(`Basic ${Buffer.from(`${apiKey}:${apiToken}`).toString('base64')}`)
  expect(head).toMatch(/content-type: application\/x-www-form-urlencoded/i)
  expect(Object.fromEntries(new URLSearchParams(body))).toEqual({
    From: '+919876543210',
    CallerId: '+918044556677',
    StreamUrl: 'wss://calls.example/v1/ingest/t/abc',
    StreamType: 'bidirectional',
    Record: 'false',
    TimeLimit: '600',
    CustomField: 'cal_01h2xcejqtf2nbrexx3vqjhp41',
    StatusCallback: 'https://calls.example/cb/1',
    'StatusCallbackEvents[0]': 'terminal',
    'StatusCallbackEvents[1]': 'answered',
  })
})

const xml = '<?xml version="1.0"?><TwilioResponse><Call><Sid>abc18bl</Sid></Call></TwilioResponse>'

test.each<[string, Answer, PlaceCallOutcome]>([
  ['200 in XML', reply(200, xml), { kind: 'placed', sid: 'abc18bl' }],
  ['202 in lower case', reply(202, { call: { sid: 's1' } }), { kind: 'placed', sid: 's1' }],
  ['200 without a Sid', reply(200, { Call: {} }), { kind: 'unknown', reason: 'unreadable' }],
  [
    '200 with a null Sid',
    reply(200, { Call: { Sid: null } }),
    { kind: 'unknown', reason: 'unreadable' },
  ],
  ['200 with HTML', reply(200, '<html>ok</html>'), { kind: 'unknown', reason: 'unreadable' }],
  ['200 with nothing', reply(200), { kind: 'unknown', reason: 'unreadable' }],
  ['301', reply(301, '', 'location: /elsewhere'), { kind: 'protocol_error', httpStatus: 301 }],
  [
    '302',
    reply(302, '', 'location: http://127.0.0.1:1/'),
    { kind: 'protocol_error', httpStatus: 302 },
  ],
  ['307', reply(307, placed, 'location: /v1'), { kind: 'protocol_error', httpStatus: 307 }],
  ['408', reply(408), { kind: 'unknown', reason: 'request_timeout' }],
  ['429', reply(429), { kind: 'rate_limited', retryAfterMs: null }],
  [
    '429 with seconds',
    reply(429, '', 'retry-after: 30'),
    { kind: 'rate_limited', retryAfterMs: 30_000 },
  ],
  [
    '429 with nonsense',
    reply(429, '', 'retry-after: soon'),
    { kind: 'rate_limited', retryAfterMs: null },
  ],
  ['500', reply(500, placed), { kind: 'unknown', reason: 'server_error' }],
  ['503', reply(503, '', 'retry-after: 5'), { kind: 'unknown', reason: 'server_error' }],
  ['504', reply(504), { kind: 'unknown', reason: 'server_error' }],
])('%s', async (_what, answer, expected) => {
  expect(await outcomeOf(answer)).toEqual(expected)
})

const refusal = (Message: string) => ({ RestException: { Status: 400, Message } })

test.each([
  [401, refusal('x'), 'provider_auth', 'Invalid Exotel credentials'],
  [403, refusal('KYC is incomplete.'), 'provider_forbidden', 'KYC is incomplete.'],
  [400, refusal('From 09876543210 is bad'), 'provider_rejected', 'From … is bad'],
  [402, refusal(`no credit for ${apiKey}`), 'provider_rejected', 'no credit for …'],
  [404, '<html>nope</html>', 'provider_rejected', 'Exotel refused the request (HTTP 404).'],
  [
    400,
    '<R><RestException><Message>Bad To</Message></RestException></R>',
    'provider_rejected',
    'Bad To',
  ],
])('%i with %j is rejected for good', async (status, body, code, message) => {
  expect(await outcomeOf(reply(status, body))).toEqual({
    kind: 'rejected',
    httpStatus: status,
    code,
    message,
  })
})

test.each<[string, Answer, PlaceCallOutcome]>([
  [
    'cut before an answer',
    (socket) => socket.resetAndDestroy(),
    { kind: 'unknown', reason: 'reset' },
  ],
  ['closed before an answer', (socket) => socket.end(), { kind: 'unknown', reason: 'reset' }],
  [
    'cut in a 200',
    cutAfter('HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{'),
    { kind: 'unknown', reason: 'reset' },
  ],
  ['no HTTP', (socket) => socket.end('SSH-2.0\r\n\r\n'), { kind: 'unknown', reason: 'unreadable' }],
])('%s after the request was written is unknown', async (_what, answer, expected) => {
  expect(await outcomeOf(answer)).toEqual(expected)
})

function cutAfter(text: string): Answer {
  return (socket) => socket.write(text, () => setTimeout(() => socket.resetAndDestroy(), 20))
}

test('a 401 whose body is cut is a 401', async () => {
  const outcome = await outcomeOf(cutAfter('HTTP/1.1 401 X\r\ncontent-length: 99\r\n\r\n{'))
  expect(outcome).toMatchObject({ kind: 'rejected', code: 'provider_auth' })
})

test.each<[string, Answer]>([
  ['no answer', () => undefined],
  [
    'half an answer',
    (socket) => void socket.write('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{'),
  ],
  ['informational answers only', (socket) => void socket.write('HTTP/1.1 102 Processing\r\n\r\n')],
])('%s within the time is unknown', async (_what, answer) => {
  expect(await outcomeOf(answer, { timeoutMs: 1_000 })).toEqual({
    kind: 'unknown',
    reason: 'timeout',
  })
})

test('an answer without end is unreadable, not memory', async () => {
  const flood: Answer = (socket: Socket) => {
    socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n')
    const chunk = `10000\r\n${'x'.repeat(0x10000)}\r\n`
    for (let i = 0; i < 8; i += 1) socket.write(chunk)
  }
  expect(await outcomeOf(flood)).toEqual({ kind: 'unknown', reason: 'unreadable' })
})

test.each([
  ['says no', () => false],
  [
    'throws',
    () => {
      throw new Error('fence lost')
    },
  ],
])(
  'when the check before the first byte %s, no byte is written',
  async (_what, beforeFirstByte) => {
    await using exotel = await standIn(reply(200, placed))
    const account = accountAt(exotel.host)
    const outcome = await clientFor(exotel.host).placeCall(account, request, { beforeFirstByte })
    expect(outcome).toEqual({ kind: 'not_sent', reason: 'deadline' })
    // It was asked on a connected socket, and the connection is closed without a byte.
    expect(exotel.received).toEqual([''])
  },
)

test('the check runs once, after the connection and before the request', async () => {
  const order: string[] = []
  await using exotel = await standIn((socket, text) => {
    order.push('received')
    reply(200, placed)(socket, text)
  })
  const beforeFirstByte = () => {
    order.push('asked')
    return true
  }
  await clientFor(exotel.host).placeCall(accountAt(exotel.host), request, { beforeFirstByte })
  expect(order).toEqual(['asked', 'received'])
})

test('a refused connection is not sent, and the check is never asked', async () => {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const host = `127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`
  await new Promise((resolve) => server.close(resolve))
  let asked = false
  const outcome = await clientFor(host).placeCall(accountAt(host), request, {
    beforeFirstByte: () => (asked = true),
  })
  expect(outcome).toEqual({ kind: 'not_sent', reason: 'connect_failed' })
  expect(asked).toBe(false)
})

test('a failed TLS handshake is not sent', async () => {
  await using exotel = await standIn(() => undefined)
  const { createExotelClient } = await import('./client.ts')
  const { systemClock } = await import('@callwire/runtime')
  const client = createExotelClient({
    allowedHosts: [exotel.host],
    allowHttp: false,
    timeoutMs: 300,
    clock: systemClock,
  })
  const outcome = await client.placeCall(accountAt(exotel.host), request, go)
  expect(outcome).toEqual({ kind: 'not_sent', reason: 'connect_failed' })
  expect(exotel.received.join('')).not.toContain('POST')
})
