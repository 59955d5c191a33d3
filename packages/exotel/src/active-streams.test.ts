import { expect, test } from 'vitest'
import { accountAt, apiKey, clientFor } from './test-support/account.ts'
import { reply, standIn, type Answer } from './test-support/stand-in.ts'

async function ask(answer: Answer, timeoutMs = 5_000) {
  await using exotel = await standIn(answer)
  const client = clientFor(exotel.host, { timeoutMs: 60_000 })
  const outcome = await client.activeStreams(accountAt(exotel.host), { timeoutMs })
  return { outcome, request: exotel.received[0] ?? '' }
}

const xml = (inner: string) => `<?xml version="1.0"?>
<TwilioResponse>
  <Stream>${inner}</Stream>
</TwilioResponse>`

test('asks the account, with the credentials in the header alone', async () => {
  const { request } = await ask(reply(200, xml('<ActiveStreamCount>0</ActiveStreamCount>')))
  expect(request).toMatch(/^GET \/v1\/Accounts\/acme1\/ActiveStreams HTTP/)
  expect(request.split('\r\n')[0]).not.toContain(apiKey)
})

test.each<[string, unknown, { active: number; limit: number | null }]>([
  [
    'XML',
    xml('<ActiveStreamCount>3</ActiveStreamCount><ThrottleLimit>100</ThrottleLimit>'),
    { active: 3, limit: 100 },
  ],
  [
    'XML without a limit',
    xml('<ActiveStreamCount>0</ActiveStreamCount>'),
    { active: 0, limit: null },
  ],
  [
    'the same as JSON',
    { TwilioResponse: { Stream: { ActiveStreamCount: '3', ThrottleLimit: 100 } } },
    { active: 3, limit: 100 },
  ],
  ['JSON without the root', { Stream: { ActiveStreamCount: 1 } }, { active: 1, limit: null }],
  ['the older JSON', { active_streams: 2, max_allowed_streams: 50 }, { active: 2, limit: 50 }],
])('reads %s', async (_what, body, streams) => {
  expect((await ask(reply(200, body))).outcome).toEqual({ kind: 'found', streams })
})

test.each<[number, unknown, object]>([
  [200, '<html>welcome</html>', { kind: 'unavailable', reason: 'unreadable' }],
  [200, { Stream: { ActiveStreamCount: -1 } }, { kind: 'unavailable', reason: 'unreadable' }],
  [403, { RestException: { Message: 'not enabled' } }, { kind: 'rejected', httpStatus: 403 }],
  [404, '', { kind: 'not_found' }],
  [429, '', { kind: 'rate_limited', retryAfterMs: null }],
])('an answer of %s, %j', async (status, body, expected) => {
  expect((await ask(reply(status, body))).outcome).toMatchObject(expected)
})

test('waits no longer than it was told', async () => {
  const { outcome } = await ask(() => undefined, 50)
  expect(outcome).toEqual({ kind: 'unavailable', reason: 'timeout' })
})
