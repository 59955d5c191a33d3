import { format, inspect } from 'node:util'
import { createLogger } from '@callwire/runtime'
import fc from 'fast-check'
import { expect, test } from 'vitest'
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
  (status: number): Answer =>
  (socket, text) =>
    reply(status, { RestException: { Message: `got ${text}` } })(socket, text)

test.each<[string, Answer]>([
  ['a 200 that echoes', echo(200)],
  ['a 302 that echoes', echo(302)],
  ['a 400 that echoes', echo(400)],
  ['a 401 that echoes', echo(401)],
  ['a 403 that echoes', echo(403)],
  ['a 500 that echoes', echo(500)],
  ['a cut', (socket) => socket.resetAndDestroy()],
  ['no HTTP', (socket, text) => socket.end(text)],
])('no outcome tells the credentials: %s', async (_what, answer) => {
  await using exotel = await standIn(answer)
  const client = clientFor(exotel.host)
  const account = accountAt(exotel.host)
  expectClean(await client.placeCall(account, request, go))
  expectClean(await client.callDetails(account, 'c1'))
  expectClean(account)
})

test('no error tells the credentials or the URL', async () => {
  const client = clientFor('api.exotel.com')
  const error: unknown = await client
    .placeCall(accountAt('evil.example'), request, go)
    .catch((thrown: unknown) => thrown)
  expectClean(error)
  expect(shown(error)).not.toContain('evil.example')
  expect(error).not.toHaveProperty('cause')
})

test('no sentence tells credentials or runs of digits, wherever they stand', () => {
  const account = accountAt('api.exotel.com')
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
