import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort } from '@callwire/stores'
import { eventually } from '@callwire/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { callBecomes } from './call-becomes.ts'
import { accountSecrets, generatedSecrets, ringKeys } from './canary.ts'
import { eventsToReceipt, startConstellation, type Constellation } from './constellation.ts'
import { knockAt, recordConsumer } from './consumer-frames.ts'
import { leadKeys } from './lead-keys.ts'
import { oldPhoneLine, oldSystem } from './old-system.ts'
import { providerFaults, startListener, type Elsewhere, type Listener } from './provider-faults.ts'
import { startRecordingExotel, type RecordingExotel } from './recording-exotel.ts'
import { everywhere, metricsUrls } from './search/everywhere.ts'
import { readableByOthers } from './search/machine.ts'
import { createSearch, textSink, type Secrets, type Sink } from './search/needles.ts'
import { asSuperuser } from './search/postgres.ts'
import { createRecorder } from './search/recorder.ts'
import { redisSinks, watchRedis } from './search/redis.ts'
import { account } from './simulator.ts'
import { lastSegment, useWhatIsGivenOut } from './use-what-is-given-out.ts'
import { useWebhooks } from './use-webhooks.ts'
import { startWebhookReceiver, type WebhookReceiver } from './webhook-receiver.ts'

const vendorKey = 'e2eVendor-4c8f1b7e90d2'
const metadataValue = 'e2eMetadata-ticket-58121'
const listenedTo = '+919811199999'

const kept = new AsyncDisposableStack()
afterAll(() => kept.disposeAsync())

let system: Constellation
let listener: string
let elsewhere: Elsewhere
let redirectTarget: Listener
let recording: RecordingExotel
let receiver: WebhookReceiver
let spokenTo: Awaited<ReturnType<typeof watchRedis>>
const recorder = createRecorder()
/** What was given out once, to whom it was for; after that it stands nowhere. */
const secrets: Record<string, string> = {}
const sinks: Sink[] = []

beforeAll(async () => {
  redirectTarget = kept.use(await startListener(null))
  recording = kept.use(await startRecordingExotel())
  receiver = kept.use(await startWebhookReceiver())
  const hangsUp = kept.use(await startListener(null))
  const nobody = `127.0.0.1:${String(await freePort())}`
  system = await startConstellation(({ host }) => {
    // No loopback address by its looks, so it is spoken to over TLS; it leads to the same listeners.
    const overTls = (port: string | number) => `0.0.0.0:${String(port)}`
    elsewhere = {
      noName: 'no-such-host.invalid',
      noTls: overTls(host.split(':')[1] ?? ''),
      hangsUp: overTls(hangsUp.port),
      nobody,
    }
    return {
      EXOTEL_ALLOWED_HOSTS: [host, recording.host, ...Object.values(elsewhere)].join(','),
      DEEPGRAM_API_KEY: vendorKey,
      WEBHOOK_ALLOWED_HOSTS: receiver.host,
      API_RATE_PER_MINUTE: '0',
      RECONCILE_AFTER_MS: '500',
      RECONCILE_GRACE_MS: '15000',
      DIAL_TIMEOUT_MS: '10000',
    }
  })
  kept.use(system)
  spokenTo = kept.use(await watchRedis(system.runFile().redisUrl))
  // Any of its numbers may call.
  await system.simulator.ask('POST', '/simulator/accounts', { ...account })
  await system.simulator.script('short')
  listener = (await system.client.agents.create({ name: 'Listener', kind: 'stream' })).agent.id
})

/** Asks as a program would, and keeps whatever is answered. */
const ask = async (method: string, path: string, body?: unknown, token = system.apiKey) =>
  recorder.ask({ method, url: new URL(path, system.gatewayUrl), token, body })

let phones = 0
async function phoneAt(host: string): Promise<string> {
  const number = `0804711${String((phones += 1)).padStart(4, '0')}`
  const exotelConfig = { ...account, subdomain: host }
  const body = { number, country: 'IN', exotelConfig, agentId: listener }
  return (await system.client.phones.import(body)).phone.id
}

async function callFrom(phoneId: string, to: string): Promise<string> {
  const metadata = { ticket: metadataValue }
  const { body } = await ask('POST', '/api/v1/calls', { phoneId, to, metadata })
  return (body as { data: { call: { id: string } } }).data.call.id
}

const becomes = (callId: string, status: RegExp, reason?: RegExp) =>
  callBecomes(system.client, callId, status, reason)

describe('one call through every fault of the provider', () => {
  test.concurrent.each(providerFaults.map((fault, i) => ({ ...fault, i })))(
    '$name',
    async ({ name, fault, host, becomes: outcome, i }) => {
      const to = `+9198111000${String(i).padStart(2, '0')}`
      const phoneId = await phoneAt(host?.(elsewhere) ?? system.simulator.host)
      if (fault !== undefined) {
        const location = name === 'redirect' ? { location: `http://${redirectTarget.host}/x` } : {}
        const settings = { ...fault.settings, ...location, number: to.slice(-8) }
        await system.simulator.fault(fault.kind, settings)
      }
      const callId = await callFrom(phoneId, to)
      await becomes(callId, outcome.status, outcome.reason)
      if (host !== undefined) await ask('POST', `/api/v1/calls/${callId}/cancel`)
    },
  )

  test('and where nothing is to be followed, nobody was asked', () => {
    expect(redirectTarget.connections()).toBe(0)
  })
})

test('a row that was changed fails before anything is sent, and tells no more than that', async () => {
  const phoneId = await phoneAt(recording.host)
  await asSuperuser(system.runFile().databaseUrl, (client) =>
    client.query('update app.phone_credentials set version = version + 1 where phone_id = $1', [
      phoneId,
    ]),
  )
  await becomes(await callFrom(phoneId, '+919811100090'), /^failed$/, /^credential_integrity$/)
  expect(recording.requests()).toEqual([])
  await system.client.phones.delete(phoneId)
})

test('what goes to Exotel has the credentials, and addresses that are secrets themselves', async () => {
  const phoneId = await phoneAt(recording.host)
  await callFrom(phoneId, '+919811100091')
  const request = await eventually(
    () => recording.requests().find(({ method }) => method === 'POST'),
    { boundMs: 30_000, what: 'a request' },
  )
  const pair = Buffer.from(`${account.apiKey}:${account.apiToken}`).toString('base64')
  expect(request.authorization).toBe(`Basic ${pair}`)
  const callback = new URL(request.form.get('StatusCallback') ?? '')
  const stream = new URL(request.form.get('StreamUrl') ?? '')
  secrets['a callback’s signature'] = lastSegment(callback)
  secrets['a media socket’s token'] = lastSegment(stream)

  const wrong = new URL(callback)
  wrong.pathname = wrong.pathname.slice(0, -4)
  for (const url of [callback, wrong])
    await recorder.ask({ method: 'POST', url, body: { CallSid: 'x', Status: 'ringing' } })
  sinks.push(textSink('answer to a knock', await knockAt(stream.href.replace(/^http/, 'ws'))))
})

test('what is given out once is used, rightly and wrongly', async () => {
  const phoneId = await phoneAt(system.simulator.host)
  const given = await useWhatIsGivenOut(system, recorder, phoneId)
  Object.assign(secrets, given.secrets)
  sinks.push(...given.sinks)
})

let given: Awaited<ReturnType<typeof useWebhooks>>
test('webhooks are told of what happens, and their secrets stand in nothing that is sent', async () => {
  given = await useWebhooks(system, recorder, receiver)
  Object.assign(secrets, given.secrets)
})

test('phones of the old system come in sealed, and call with what they had', async () => {
  const { simulator, client } = system
  const file = join(system.dataDir, 'old-phones.json')
  const secretFile = join(system.dataDir, 'old-jwt-secret')
  writeFileSync(file, `${oldPhoneLine(simulator.host)}\n`, { mode: 0o600 })
  writeFileSync(secretFile, oldSystem.jwtSecret, { mode: 0o600 })
  const { sid, apiKey, apiToken } = oldSystem
  await simulator.ask('POST', '/simulator/accounts', { sid, apiKey, apiToken })
  for (const [outcome, args] of [
    ['ready', ['--dry-run']],
    ['imported', ['--json']],
    ['existing', []],
  ] as const) {
    const said = await runCli(['import-origin', file, ...args], { JWT_SECRET_FILE: secretFile })
    expect(said).toMatchObject({ code: 0, stderr: '' })
    expect(said.stdout).toContain(outcome)
  }
  rmSync(file)
  rmSync(secretFile)
  const { phones: all } = await client.phones.list({ limit: 100 })
  const phone = all.find(({ number }) => number === oldSystem.number)
  expect(phone?.exotelData).toEqual({ sid, subdomain: simulator.host })
  await client.phones.update(phone?.id ?? '', { agentId: listener })
  await becomes(await callFrom(phone?.id ?? '', '+919811100092'), /^(in-progress|completed)$/)
})

test('a key is led through its life, and a backup made, by command and by route', () =>
  leadKeys(system.dataDir, runCli, ask))

async function runCli(args: readonly string[], env: Record<string, string> = {}) {
  const said = await system.runCli(args, env)
  const name = `output of callwire ${args.slice(0, 2).join(' ')}`
  sinks.push(textSink(name, said.stdout + said.stderr))
  return said
}

test('after all of it, at the most talkative level, no secret stands anywhere', async () => {
  const { client, simulator, tenant } = system
  await simulator.script('english-delivery', listenedTo.slice(-6))
  const phoneId = await phoneAt(simulator.host)
  await using consumer = await recordConsumer({ url: system.socketUrl, token: system.apiKey })
  consumer.subscribe('calls')
  const callId = await callFrom(phoneId, listenedTo)
  consumer.subscribe(`call:${callId}`)
  const receipt = eventsToReceipt(client, callId)
  const { redisUrl, pids } = system.runFile()
  // Redis is looked at while the audio is in it, and again at the end.
  const during = await eventually(
    async () => {
      const found = await redisSinks(redisUrl)
      return found.some(({ name }) => name.includes('audio:')) ? found : null
    },
    { boundMs: 30_000, what: 'audio in Redis' },
  )
  await receipt
  await eventually(
    () =>
      receiver.arrived().some(({ body }) => body.includes('call.receipt') && body.includes(callId)),
    { boundMs: 30_000, what: 'the receipt at the webhook' },
  )

  const call = `/api/v1/calls/${callId}`
  for (const path of [
    ...['/api/v1/phones', `/api/v1/phones/${phoneId}`, '/api/v1/agents', '/api/v1/api-keys'],
    ...['/api/v1/users', '/api/v1/settings', '/api/v1/audit', '/api/v1/calls?limit=100', call],
    ...[`${call}/events`, `${call}/transcript`, `${call}/receipt`, '/api/v1/keys/status'],
    ...['/api/v1/webhooks', `/api/v1/webhooks/${given.id}/deliveries`],
    ...['/docs/json', '/docs', '/healthz', '/readyz', '/nowhere', '/api/v1/phones/phn_unknown'],
  ])
    await ask('GET', path)
  for (const url of metricsUrls(system)) {
    for (const path of ['/metrics', '/readyz'])
      await recorder.ask({ method: 'GET', url: new URL(path, url) })
  }
  for (const command of [
    ...['phones list', 'agents list', 'calls list', `calls show ${callId}`, `calls tail ${callId}`],
    ...['webhooks list', `webhooks deliveries ${given.id}`, 'webhooks replay whe_x'],
    ...['keys status', `phones check ${phoneId}`, 'calls place --phone x --to y'],
  ]) {
    await runCli(command.split(' '))
    await runCli([...command.split(' '), '--json'])
  }

  const inClear: Secrets = {
    ...accountSecrets('an account', account),
    ...accountSecrets('an account of the old system', oldSystem),
    'the old system’s JWT_SECRET': oldSystem.jwtSecret,
    'a speech vendor’s key': vendorKey,
    'our API key': system.apiKey,
    'the owner’s password': tenant.password,
    'a call’s metadata': metadataValue,
    'the called person’s number': listenedTo.slice(3),
    'a number spoken in the call': '98765 43210',
    ...secrets,
    ...generatedSecrets(system.dataDir),
    ...ringKeys(Object.values(pids)),
  }
  const all = [
    ...sinks,
    ...during,
    ...recorder.sinks(),
    ...(await everywhere(system)),
    spokenTo.sink(),
    textSink('frames of a consumer', consumer.frames().join('\n')),
    textSink('messages of a webhook', JSON.stringify(receiver.arrived())),
  ]
  // Whoever holds `pii:read` sees whom a call is for, and whoever placed it its metadata: there alone they stand.
  const shown = /(?:number|metadata) in (?:answer to \S+ \/api\/v1\/calls|output of callwire calls)/
  const found = createSearch(inClear)(all).filter((finding) => !shown.test(finding))
  expect(found).toEqual([])
  expect(readableByOthers(system.dataDir)).toEqual([])
  expect(Object.keys(inClear).length).toBeGreaterThan(50)

  // The search finds what is there, in each kind of place.
  const known = createSearch({ callId })
  for (const kind of [
    ...['output of every process', 'frames of a consumer', 'redis, as it was spoken to'],
    'messages of a webhook',
    ...['redis {cw}', 'postgres app.', 'file postgres', 'file redis'],
    ...['answer to GET', 'answer to POST', 'output of callwire'],
  ]) {
    const places = all.filter(({ name }) => name.startsWith(kind))
    expect(known(places), kind).not.toEqual([])
  }
  expect(createSearch({ launcher: 'packages/launcher' })(all)).toContainEqual(
    expect.stringMatching(/in command line/),
  )
})
