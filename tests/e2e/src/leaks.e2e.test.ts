import { eventually } from '@callwire/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { eventsToReceipt, startConstellation, type Constellation } from './constellation.ts'
import { account } from './simulator.ts'
import { leaks, postgresSinks, redisSinks, type Sink } from './sinks.ts'

let system: Constellation
const bodies: Sink[] = []
beforeAll(async () => {
  system = await startConstellation({
    RECONCILE_AFTER_MS: '500',
    RECONCILE_GRACE_MS: '5000',
    DIAL_TIMEOUT_MS: '3000',
  })
})
afterAll(() => system[Symbol.asyncDispose]())

/** Asks as a program would, and keeps whatever is answered. */
async function ask(method: string, path: string, body?: unknown): Promise<unknown> {
  const response = await fetch(new URL(path, system.gatewayUrl), {
    method,
    headers: {
      authorization: `Bearer ${system.apiKey}`,
      'idempotency-key': crypto.randomUUID(),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  bodies.push({
    name: `answer of ${method} ${path}`,
    text: text + JSON.stringify([...response.headers]),
  })
  return text === '' ? null : JSON.parse(text)
}

const faults: [kind: string, settings: Record<string, unknown>][] = [
  ['unauthorized', {}],
  ['rate_limited', { retryAfterSeconds: 1 }],
  ['server_error', {}],
  ['cut', {}],
  ['malformed', {}],
  ['redirect', {}],
  ['slow', { ms: 5_000 }],
]

test('after calls through every fault, at the most talkative level, no secret stands anywhere', async () => {
  await system.phoneWith({ name: 'Listener', kind: 'stream' })
  const { phones } = await system.client.phones.list()
  const phoneId = phones[0]?.id ?? ''
  await system.simulator.script('english-delivery')
  const people = faults.map((_, i) => `+9198111000${String(i).padStart(2, '0')}`)
  for (const [i, [kind, settings]] of faults.entries()) {
    await system.simulator.fault(kind, settings)
    await ask('POST', '/api/v1/calls', { phoneId, to: people[i] })
    await eventually(
      async () => {
        const { calls } = await system.client.calls.list({ limit: 100 })
        const call = calls[0]
        return call !== undefined && !['queued', 'dialing'].includes(call.status)
      },
      { boundMs: 30_000, what: `the end of ${kind}` },
    )
  }
  const { call } = await system.client.calls.place({ phoneId, to: '+919811199999' })
  const live = eventsToReceipt(system.client, call.id)
  // Redis is looked at while the audio is in it, and again at the end.
  await eventually(
    async () =>
      (await redisSinks(system.runFile().redisUrl)).some(({ name }) => name.includes('audio:')),
    {
      boundMs: 30_000,
      what: 'audio in Redis',
    },
  )
  const during = await redisSinks(system.runFile().redisUrl)
  await live
  for (const path of [
    '/api/v1/phones',
    `/api/v1/phones/${phoneId}`,
    '/api/v1/calls',
    `/api/v1/calls/${call.id}`,
    `/api/v1/calls/${call.id}/events`,
    `/api/v1/calls/${call.id}/transcript`,
    `/api/v1/calls/${call.id}/receipt`,
    '/api/v1/agents',
    '/api/v1/api-keys',
    '/api/v1/users',
    '/docs/json',
    '/readyz',
    '/nowhere',
  ]) {
    await ask('GET', path)
  }
  await ask('POST', '/api/v1/phones', {
    number: '08047112299',
    country: 'IN',
    exotelConfig: { ...account, subdomain: 'evil.example' },
  })
  await ask('POST', '/api/v1/auth/login', {
    email: system.tenant.email,
    password: `${system.tenant.password}x`,
  })

  const { redisUrl, databaseUrl } = system.runFile()
  const sinks = [
    { name: 'output of every process', text: system.output() },
    ...during,
    ...(await redisSinks(redisUrl)),
    ...(await postgresSinks(databaseUrl)),
    ...bodies,
  ]
  const secrets = {
    'Exotel API key': account.apiKey,
    'Exotel API token': account.apiToken,
    'Exotel Basic pair': `${account.apiKey}:${account.apiToken}`,
    'our API key': system.apiKey,
    'the owner’s password': system.tenant.password,
    'a number spoken in the call': '98765 43210',
    'the called person’s number': '+919811199999',
  }
  // Whoever holds `pii:read` sees numbers in REST: there, and only there, they may stand.
  const found = leaks(sinks, secrets).filter(
    (leak) => !/number in answer of (GET|POST) \/api\/v1\/calls/.test(leak),
  )
  expect(found).toEqual([])
  // The search finds what is there: an id of ours, in each kind of sink.
  for (const kind of ['output', 'redis', 'postgres', 'answer']) {
    expect(
      leaks(
        sinks.filter(({ name }) => name.startsWith(kind)),
        { id: call.id },
      ),
      kind,
    ).not.toEqual([])
  }
})
