import { expect, test } from 'vitest'
import { accountAt, apiKey, apiToken, clientFor } from './test-support/account.ts'
import { reply, standIn, type Answer } from './test-support/stand-in.ts'

async function check(answer: Answer, o: { timeoutMs: number } = { timeoutMs: 5_000 }) {
  await using exotel = await standIn(answer)
  const outcome = await clientFor(exotel.host, { timeoutMs: 60_000 }).checkCredentials(
    accountAt(exotel.host),
    o,
  )
  return { outcome, request: exotel.received[0] ?? '' }
}

test('asks for one call of the last minute, with the credentials in the header alone', async () => {
  const { outcome, request } = await check(reply(200, { Metadata: { Total: 0 }, Calls: [] }))
  expect(outcome).toEqual({ kind: 'accepted' })
  const [line = '', ...headers] = request.split('\r\n')
  expect(line).toMatch(
    /^GET \/v1\/Accounts\/acme1\/Calls\.json\?DateCreated=gte[^&]+&SortBy=[^&]+&PageSize=1 HTTP/,
  )
  expect(headers).toContain(
    `authorization: Basic ${Buffer.from(`${apiKey}:${apiToken}`).toString('base64')}`,
  )
})

const rejected = (code: string, httpStatus: number, message: string) => ({
  kind: 'rejected',
  ...{ code, httpStatus, message },
})

test.each<[number, body: unknown, outcome: object]>([
  [401, '', rejected('provider_auth', 401, 'Invalid Exotel credentials')],
  [
    403,
    { RestException: { Status: 403, Message: 'KYC incomplete' } },
    rejected('provider_forbidden', 403, 'KYC incomplete'),
  ],
  [404, '', rejected('provider_rejected', 404, 'Exotel knows no such account at this host.')],
  [402, '', rejected('provider_rejected', 402, 'Exotel refused the request (HTTP 402).')],
  [429, '', { kind: 'rate_limited', retryAfterMs: null }],
  [503, '', { kind: 'unavailable', reason: 'server_error' }],
  [302, '', { kind: 'unavailable', reason: 'protocol_error' }],
  [200, '<html>welcome</html>', { kind: 'unavailable', reason: 'unreadable' }],
  [200, { ok: true }, { kind: 'unavailable', reason: 'unreadable' }],
])('an answer of %s, %j', async (status, body, expected) => {
  expect((await check(reply(status, body))).outcome).toEqual(expected)
})

test('waits no longer than it was told', async () => {
  const { outcome } = await check(() => undefined, { timeoutMs: 50 })
  expect(outcome).toEqual({ kind: 'unavailable', reason: 'timeout' })
})
