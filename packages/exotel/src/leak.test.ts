import { format, inspect } from 'node:util'
import { createLogger } from '@callwire/runtime'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { ExotelClient } from './client.ts'
import { ExotelError } from './exotel-error.ts'
import { scrubSentence } from './scrub-sentence.ts'
import {
  accountAt,
  apiKey,
  apiToken,
  betrayals,
  clientFor,
  go,
  request,
} from './test-support/account.ts'
import { reply, standIn, type Answer } from './test-support/stand-in.ts'

/** Everything a careless program could print of a value. */
function shown(value: unknown): string {
  const lines: string[] = []
  const log = createLogger({
    service: 't',
    level: 'trace',
    stream: { write: (line) => void lines.push(line) },
  })
  log.info({ value, err: value, error: value }, 'shown')
  if (value instanceof Error) log.error(value)
  const own = value instanceof Error ? Object.getOwnPropertyNames(value) : []
  return [
    inspect(value, { depth: 20, showHidden: true }),
    format('%s %o %j', value, value, value),
    JSON.stringify(value),
    value instanceof Error
      ? `${value.message}${value.stack ?? ''}${JSON.stringify(value, own)}`
      : '',
    ...lines,
  ].join('\n')
}

function expectClean(value: unknown): void {
  const text = shown(value)
  for (const betrayal of betrayals) expect(text).not.toContain(betrayal)
}

/** Sends back all it got, header and body, as the text of the answer. */
const echo =
  (status: number, ...headers: string[]): Answer =>
  (socket, text) =>
    reply(status, { RestException: { Message: `got ${text}` } }, ...headers)(socket, text)

const head = (...lines: string[]) => ['HTTP/1.1 200 X', ...lines, '', ''].join('\r\n')

/** Calls every method once, waits `timeoutMs` for each answer, and looks at whatever comes of it. */
async function expectAllClean(
  host: string,
  timeoutMs: number,
  o: { allowHttp?: boolean } = {},
): Promise<string[]> {
  const client = clientFor(host, { ...o, timeoutMs })
  const account = accountAt(host)
  const outcomes = [
    await client.placeCall(account, request, go),
    await client.callDetails(account, 'c1'),
    await client.callDetailsV3(account, 'c1'),
    await client.listCalls(account, { createdFromMs: 0, createdToMs: 1 }),
    await client.checkCredentials(account, { timeoutMs }),
    await client.activeStreams(account, { timeoutMs }),
  ]
  for (const outcome of outcomes) expectClean(outcome)
  expectClean(account)
  return outcomes.map(({ kind }) => kind)
}

/** For an answer that comes, and for one that does not: a busy machine takes its time to say the former. */
const ANSWERED_MS = 5_000
const UNANSWERED_MS = 300

const refused = Array<string>(6).fill('rejected')
const limited = Array<string>(6).fill('rate_limited')
const later = ['unknown', ...Array<string>(5).fill('unavailable')]

test.each<[what: string, Answer, kinds: string[]]>([
  ['a 200 that echoes', echo(200), later],
  ['a redirect that echoes', echo(302, 'location: http://127.0.0.1:9/x'), later],
  ['a 400 that echoes', echo(400), refused],
  ['a 401 that echoes', echo(401), refused],
  ['a 403 that echoes', echo(403), refused],
  ['a 429 that echoes', echo(429, 'retry-after: 1'), limited],
  ['a 500 that echoes', echo(500), later],
  ['a reset', (socket) => socket.resetAndDestroy(), later],
  ['no HTTP', (socket, text) => socket.end(text), later],
  ['no answer', () => undefined, later],
  ['a body that is cut', (socket, text) => socket.end(head('content-length: 9999') + text), later],
  ['a body that is no JSON', (socket, text) => reply(200, `<html>${text}`)(socket, text), later],
  ['a body without end', (socket, text) => reply(200, text.repeat(2_000))(socket, text), later],
])('no outcome tells the credentials: %s', async (what, answer, kinds) => {
  await using exotel = await standIn(answer)
  const timeoutMs = what === 'no answer' ? UNANSWERED_MS : ANSWERED_MS
  const found = await expectAllClean(exotel.host, timeoutMs)
  // A dial that was redirected was not placed, and says so.
  const first = what.startsWith('a redirect') ? 'protocol_error' : kinds[0]
  expect(found).toEqual([first, ...kinds.slice(1)])
})

test.each(['no-such-host.invalid', '127.0.0.1:1', 'no such host'])(
  'no outcome tells the credentials: nobody at %s',
  async (host) => {
    const kinds = await expectAllClean(host, ANSWERED_MS)
    expect(kinds).toEqual(['not_sent', ...later.slice(1)])
  },
)

test('no outcome tells the credentials, and not a byte goes out: TLS that fails', async () => {
  await using exotel = await standIn((socket) => socket.destroy())
  exotel.atFirstByte = (socket) => socket.end('HTTP/1.1 400 No TLS here\r\n\r\n')
  const kinds = await expectAllClean(exotel.host, ANSWERED_MS, { allowHttp: false })
  expect(kinds).toEqual(['not_sent', ...later.slice(1)])
  expect(exotel.received.length).toBeGreaterThan(0)
  for (const betrayal of betrayals) expect(exotel.received.join('')).not.toContain(betrayal)
})

const account = accountAt('api.exotel.com')

test.each<[what: string, (client: ExotelClient) => Promise<unknown>]>([
  ['another host', (client) => client.placeCall(accountAt('evil.example'), request, go)],
  [
    'another host to check',
    (client) => client.checkCredentials(accountAt('evil.example'), { timeoutMs: 300 }),
  ],
  ['a sid that climbs', (client) => client.callDetails({ ...account, sid: '../../evil' }, 'c1')],
  ['a call sid that climbs', (client) => client.callDetailsV3(account, '../../evil')],
])('no error tells the credentials, the URL or its cause: %s', async (_what, ask) => {
  const error: unknown = await ask(clientFor('api.exotel.com')).then(
    () => null,
    (thrown: unknown) => thrown,
  )
  expect(error).toBeInstanceOf(ExotelError)
  expectClean(error)
  expect(shown(error)).not.toMatch(/evil|\/v1\/|\/v3\/|authorization|https?:/i)
  expect(error).not.toHaveProperty('cause')
})

test('no sentence tells credentials or runs of digits, wherever they stand', () => {
  const piece = fc.oneof(
    fc.string({ maxLength: 20 }),
    fc.constantFrom(...betrayals, apiKey.toUpperCase(), '+91 98765-43210', '1234', '٠١٢٣٤٥'),
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
      const text = scrubSentence(pieces.join(' '), account)
      expect(text.length).toBeLessThanOrEqual(200)
      expect(text).not.toMatch(/\p{Nd}{4}/u)
      expect(text).not.toMatch(/\p{Cc}/u)
      for (const betrayal of [apiKey, apiToken]) expect(text).not.toContain(betrayal)
    }),
  )
})
