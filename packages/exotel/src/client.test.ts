import { expect, test } from 'vitest'
import { accountAt, clientFor, go, request } from './test-support/account.ts'
import { reply, standIn } from './test-support/stand-in.ts'

const details = {
  Call: {
    Sid: 'c1',
    DateCreated: '2026-01-02 10:48:33',
    To: '08044556677',
    From: '09876543210',
    PhoneNumberSid: '08044556677',
    Status: 'completed',
    StartTime: '2026-01-02 10:48:33',
    EndTime: null,
    Duration: '17',
    Direction: 'outbound-api',
    RecordingUrl: null,
    Details: {
      ConversationDuration: 8,
      Leg1Status: 'completed',
      Leg2Status: 'no-answer',
      Legs: [{ Leg: { Id: 1, OnCallDuration: 21 } }, { Leg: { Id: 2, OnCallDuration: 0 } }],
    },
  },
}

test('reads the details of a call', async () => {
  await using exotel = await standIn(reply(200, details))
  const outcome = await clientFor(exotel.host).callDetails(accountAt(exotel.host), 'c1')
  expect(outcome).toEqual({
    kind: 'found',
    call: {
      sid: 'c1',
      status: 'completed',
      from: '09876543210',
      to: '08044556677',
      phoneNumber: '08044556677',
      direction: 'outbound-api',
      createdAtMs: Date.UTC(2026, 0, 2, 5, 18, 33),
      startedAtMs: Date.UTC(2026, 0, 2, 5, 18, 33),
      endedAtMs: null,
      durationSeconds: 8,
      recordingUrl: null,
      legs: [
        { status: 'completed', onCallSeconds: 21, answeredBy: null, cause: null },
        { status: 'no-answer', onCallSeconds: 0, answeredBy: null, cause: null },
      ],
    },
  })
  expect(exotel.received[0]).toMatch(/^GET \/v1\/Accounts\/acme1\/Calls\/c1\.json\?details=true /)
})

test('lists calls in a window of Indian time, page by page', async () => {
  const NextPageUri = '/v1/Accounts/acme1/Calls.json?PageSize=100&After=MTIz'
  const page = { Metadata: { Total: 2, NextPageUri }, Calls: [details.Call, { Status: 'x' }] }
  await using exotel = await standIn(reply(200, page))
  const outcome = await clientFor(exotel.host).listCalls(accountAt(exotel.host), {
    from: '+919876543210',
    phoneNumber: '+918044556677',
    createdFromMs: Date.UTC(2026, 0, 2, 5, 0, 0),
    createdToMs: Date.UTC(2026, 0, 2, 18, 30, 0),
    after: 'MTAw',
  })
  expect(outcome).toMatchObject({ kind: 'found', calls: [{ sid: 'c1' }], after: 'MTIz' })
  const line = (exotel.received[0] ?? '').split('\r\n')[0] ?? ''
  expect(line).toContain(
    '/Calls.json?From=%2B919876543210&PhoneNumber=%2B918044556677&DateCreated=' +
      'gte%3A2026-01-02%2010%3A30%3A00%3Blte%3A2026-01-03%2000%3A00%3A00' +
      '&SortBy=DateCreated%3Aasc&PageSize=100&After=MTAw ',
  )
})

test('reads the custom field from v3', async () => {
  const body = {
    response: {
      code: 200,
      call_details: {
        sid: 'c1',
        state: 'terminal',
        status: 'to_leg_unanswered',
        custom_field: 'cal_1',
        total_duration: 84,
        total_talk_time: 0,
      },
    },
  }
  await using exotel = await standIn(reply(200, body))
  const outcome = await clientFor(exotel.host).callDetailsV3(accountAt(exotel.host), 'c1')
  expect(outcome).toEqual({
    kind: 'found',
    details: {
      sid: 'c1',
      customField: 'cal_1',
      terminal: true,
      status: 'no-answer',
      durationSeconds: 84,
      talkSeconds: 0,
    },
  })
  expect(exotel.received[0]).toMatch(/^GET \/v3\/accounts\/acme1\/calls\/c1 /)
})

test.each([
  [404, '', { kind: 'not_found' }],
  [401, '', { kind: 'rejected', code: 'provider_auth' }],
  [429, '', { kind: 'rate_limited', retryAfterMs: null }],
  [408, '', { kind: 'unavailable', reason: 'request_timeout' }],
  [302, '', { kind: 'unavailable', reason: 'protocol_error' }],
  [500, '', { kind: 'unavailable', reason: 'server_error' }],
  [200, 'not json', { kind: 'unavailable', reason: 'unreadable' }],
  [200, '{"Call":{}}', { kind: 'unavailable', reason: 'unreadable' }],
])('a question answered %i %s', async (status, body, expected) => {
  await using exotel = await standIn(reply(status, body))
  const outcome = await clientFor(exotel.host).callDetails(accountAt(exotel.host), 'c1')
  expect(outcome).toMatchObject(expected)
})

test.each([
  'api.exotel.com.evil.example',
  'api.exotel.com@169.254.169.254',
  'API.EXOTEL.COM',
  'api.exotel.com.',
  'api.exotel.com/',
  'evil.example#api.exotel.com',
  '127.0.0.1:6379',
  '[::1]:5432',
  '',
])('nothing goes to the host %j', async (host) => {
  const client = clientFor('api.exotel.com')
  const error = { code: 'host_not_allowed' }
  await expect(client.placeCall(accountAt(host), request, go)).rejects.toMatchObject(error)
  await expect(client.callDetailsV3(accountAt(host), 'c1')).rejects.toMatchObject(error)
})

test.each(['../x', 'a/b', 'a?x=', 'a#', '%2e%2e', '-a', '', 'é', 'a'.repeat(65), 'a\n'])(
  'no account sid is %j',
  async (sid) => {
    await using exotel = await standIn(reply(200, details))
    const account = { ...accountAt(exotel.host), sid }
    const client = clientFor(exotel.host)
    const error = { code: 'invalid_account' }
    await expect(client.placeCall(account, request, go)).rejects.toMatchObject(error)
    await expect(
      client.listCalls(account, { createdFromMs: 0, createdToMs: 1 }),
    ).rejects.toMatchObject(error)
    expect(exotel.received).toEqual([])
  },
)

test.each(['../x', 'a/b', 'a?b', ''])('no call sid is %j', async (callSid) => {
  await using exotel = await standIn(reply(200, details))
  const asked = clientFor(exotel.host).callDetails(accountAt(exotel.host), callSid)
  await expect(asked).rejects.toMatchObject({ code: 'invalid_request' })
  expect(exotel.received).toEqual([])
})

test.each([
  ['its own time', { timeoutMs: 600_000, askTimeoutMs: 100 }],
  ['the time of a dial', { timeoutMs: 100, askTimeoutMs: 600_000 }],
])('no question waits for longer than %s', async (_title, limits) => {
  await using exotel = await standIn(() => undefined)
  const client = clientFor(exotel.host, limits)
  const account = accountAt(exotel.host)
  const lost = { kind: 'unavailable', reason: 'timeout' }
  expect(await client.callDetails(account, 'c1')).toEqual(lost)
  expect(await client.callDetailsV3(account, 'c1')).toEqual(lost)
  expect(await client.listCalls(account, { createdFromMs: 0, createdToMs: 1 })).toEqual(lost)
})
