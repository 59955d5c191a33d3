import { randomToken } from '@callwire/crypto'
import { tcpProxy } from '@callwire/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { connect } from './testing/consumer-socket.ts'
import { createFixture, type Fixture, type Key, type RunningCopilot } from './testing/fixture.ts'

let fixture: Fixture
let copilot: RunningCopilot
/** The same, with next to no time to say who one is: for those who never say it. */
let impatient: RunningCopilot
let tenantId: string
let key: Key
beforeAll(async () => {
  fixture = await createFixture()
  copilot = await fixture.start({ limits: { authenticateMs: 15_000 } })
  impatient = await fixture.start({ limits: { authenticateMs: 300 } })
  tenantId = await fixture.tenant()
  key = await fixture.key(tenantId)
})
afterAll(() => fixture[Symbol.asyncDispose]())

const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

describe('with a header', () => {
  test('an API key is let in, and told its scopes', async () => {
    const consumer = connect(copilot.url, bearer(key.token))
    expect(await consumer.next('authenticated')).toEqual({
      type: 'authenticated',
      tenantId,
      role: 'api',
      scopes: ['calls:read', 'transcripts:read'],
      protocol: 1,
    })
    consumer.socket.close()
  })

  test('a session is let in with its role and without scopes', async () => {
    const person = await fixture.person(tenantId, { role: 'supervisor' })
    const consumer = connect(copilot.url, bearer(person.token))
    expect(await consumer.next('authenticated')).toEqual({
      type: 'authenticated',
      tenantId,
      role: 'supervisor',
      protocol: 1,
    })
    consumer.socket.close()
  })

  test.each([
    ['an unknown key', `Bearer cw_${'x'.repeat(43)}`],
    ['no token at all', 'Bearer '],
    ['another scheme', 'Basic Zm9vOmJhcg=='],
    ['a forged session', 'Bearer eyJhbGciOiJub25lIn0.e30.'],
    ['an unknown ticket', `Bearer cwt_${'x'.repeat(43)}`],
  ])('%s is answered 401 in the envelope', async (_what, authorization) => {
    const refused = await connect(copilot.url, { authorization }).refused
    expect(refused?.status).toBe(401)
    expect(JSON.parse(refused?.body ?? '')).toMatchObject({
      success: false,
      error: { code: 'unauthenticated' },
    })
  })

  test('who must change their password first is not let in', async () => {
    const person = await fixture.person(tenantId, { mustChangePassword: true })
    expect((await connect(copilot.url, bearer(person.token)).refused)?.status).toBe(401)
  })

  test('a token in the query is never read', async () => {
    const consumer = connect(`${impatient.url}?token=${key.token}`)
    expect(await consumer.closed).toMatchObject({ code: 4401 })
  })
})

describe('by the first message', () => {
  test('a key is let in, and what was sent behind it is answered in order', async () => {
    const callId = await fixture.call(tenantId)
    const consumer = connect(copilot.url)
    await consumer.refused
    consumer.send({ type: 'authenticate', token: key.token })
    consumer.send({ type: 'ping' })
    consumer.send({ type: 'subscribe', topic: `call:${callId}`, after: 0 })
    await consumer.next('event')
    expect(consumer.heard.map((message) => message.type)).toEqual([
      'authenticated',
      'pong',
      'subscribed',
      'event',
    ])
    consumer.send({ type: 'authenticate', token: key.token })
    expect(await consumer.next('error')).toMatchObject({ code: 'bad_message' })
    consumer.socket.close()
  })

  test.each([
    ['a wrong token', { type: 'authenticate', token: 'cw_no' }],
    ['something else', { type: 'ping' }],
    ['no JSON', 'hello'],
    ['nothing', null],
  ])('%s closes 4401 after an error that says so', async (_what, message) => {
    const consumer = connect((message === null ? impatient : copilot).url)
    await consumer.refused
    if (message !== null) consumer.send(message)
    expect(await consumer.closed).toEqual({ code: 4401, reason: 'unauthenticated' })
    expect(consumer.heard).toMatchObject([{ type: 'error', code: 'unauthenticated' }])
  })

  test('beyond the bound of sockets nobody knows, upgrades are refused for the moment', async () => {
    const other = await fixture.start({ limits: { maxAnonymous: 2 } })
    const first = [connect(other.url), connect(other.url)]
    await Promise.all(first.map((consumer) => consumer.refused))
    expect((await connect(other.url).refused)?.status).toBe(503)
    first[0]?.socket.close()
    await first[0]?.closed
    first[1]?.send({ type: 'authenticate', token: key.token })
    await first[1]?.next('authenticated')
    expect(await connect(other.url).refused).toBeNull()
    await other[Symbol.asyncDispose]()
  })
})

describe('tickets', () => {
  test('one lets in once, by header or by message', async () => {
    const ticket = await fixture.ticket(tenantId, key)
    const consumer = connect(copilot.url, bearer(ticket))
    expect(await consumer.next('authenticated')).toMatchObject({ role: 'api', tenantId })
    expect((await connect(copilot.url, bearer(ticket)).refused)?.status).toBe(401)
    const again = connect(copilot.url)
    await again.refused
    again.send({ type: 'authenticate', token: ticket })
    expect((await again.closed).code).toBe(4401)
    consumer.socket.close()
  })

  test('of many racers one wins', async () => {
    const ticket = await fixture.ticket(tenantId, key)
    const racers = Array.from({ length: 8 }, () => connect(copilot.url, bearer(ticket)))
    const outcomes = await Promise.all(racers.map((racer) => racer.refused))
    expect(outcomes.filter((outcome) => outcome === null)).toHaveLength(1)
    for (const racer of racers) racer.socket.terminate()
  })

  test('one of a key that was revoked meanwhile lets nobody in', async () => {
    const gone = await fixture.key(tenantId)
    const ticket = await fixture.ticket(tenantId, gone)
    await fixture.revokeKey(tenantId, gone)
    expect((await connect(copilot.url, bearer(ticket)).refused)?.status).toBe(401)
  })

  test('what is not of their form is not looked up', async () => {
    const form = randomToken()
    const found = await connect(copilot.url, bearer(`cwt_${form}x`)).refused
    expect(found?.status).toBe(401)
  })
})

describe('origins', () => {
  test('one that is not allowed is answered 403, whatever the token', async () => {
    const refused = await connect(copilot.url, {
      ...bearer(key.token),
      origin: 'https://evil.example',
    }).refused
    expect(refused?.status).toBe(403)
    expect(JSON.parse(refused?.body ?? '')).toMatchObject({ error: { code: 'forbidden' } })
  })

  test('one that is allowed comes in', async () => {
    const consumer = connect(copilot.url, {
      ...bearer(key.token),
      origin: 'https://desk.example',
    })
    await consumer.next('authenticated')
    consumer.socket.close()
  })
})

test('another path is no socket', async () => {
  expect((await connect(`${copilot.http}/v1/other`).refused)?.status).toBe(404)
})

test('while Postgres is away, an upgrade is answered 503 and not 401', async () => {
  await using proxy = await tcpProxy({ target: fixture.databaseUrl })
  const other = await fixture.start({
    config: { databaseUrl: proxy.through(fixture.databaseUrl) },
  })
  proxy.refuse()
  expect((await connect(other.url, bearer(key.token)).refused)?.status).toBe(503)
  proxy.resume()
  await other[Symbol.asyncDispose]()
})

test('a key has its bound of sockets, and leaving makes room', async () => {
  const other = await fixture.start({ config: { maxSockets: 2 } })
  const first = await fixture.consumer(other, key.token)
  const second = await fixture.consumer(other, key.token)
  const third = connect(other.url, bearer(key.token))
  expect((await third.closed).code).toBe(1008)
  expect(third.heard).toEqual([])
  const another = await fixture.consumer(other, (await fixture.key(tenantId)).token)
  another.socket.close()
  first.socket.close()
  await first.closed
  await expect
    .poll(async () => {
      const consumer = connect(other.url, bearer(key.token))
      return Promise.race([consumer.closed.then(() => 'closed'), consumer.next('authenticated')])
    })
    .toMatchObject({ type: 'authenticated' })
  second.socket.close()
  await other[Symbol.asyncDispose]()
})
