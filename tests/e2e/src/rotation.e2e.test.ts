import { randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openCredential, parseOpenRing } from '@callwire/crypto'
import { createClient, type Client } from '@callwire/sdk'
import { eventually } from '@callwire/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { sealedCredentials } from './attacker/sealed-credentials.ts'
import { launch, startConstellation, type Constellation } from './constellation.ts'
import { numberedId, secretOf, seedPhones } from './rotation/many-phones.ts'
import { startSecondDialer, type SecondDialer } from './rotation/second-dialer.ts'
import { placeSteadily, type SteadyCalls } from './rotation/steady-calls.ts'
import { secretsOf } from './search/machine.ts'
import { asSuperuser } from './search/postgres.ts'
import { createRecorder } from './search/recorder.ts'
import { account } from './simulator.ts'
import { messageOf, startWebhookReceiver, type WebhookReceiver } from './webhook-receiver.ts'

const SEEDED = 3_000
const KILLS = 10
/** A busy machine kills late, when there is less left to be done. */
const KILLS_AT_LEAST = 5

let system: Constellation
let keysFile: string
let dialedPhones: string[]
let calls: SteadyCalls
/** What was put into phones while the work went on, by the phone's number. */
const edits = new Map<number, string>()
let dialer: SecondDialer
let receiver: WebhookReceiver
let webhook: { id: string; secret: string }
const recorder = createRecorder()
const kept = new AsyncDisposableStack()
afterAll(() => kept.disposeAsync())

const keysIn = (file: string) => readFileSync(file, 'utf8').trim().split(',')
const rows = async <T extends Record<string, unknown>>(text: string, values: unknown[] = []) =>
  asSuperuser(system.runFile().databaseUrl, async (client) => {
    return (await client.query<T>(text, values)).rows
  })
const pidOf = (service: string) => system.runFile().pids[service] ?? 0
const dialersRings = () => secretsOf(pidOf('dialer'))

beforeAll(async () => {
  receiver = kept.use(await startWebhookReceiver())
  system = kept.use(
    await startConstellation((_simulator, dataDir) => {
      keysFile = join(dataDir, 'master-keys')
      writeFileSync(keysFile, `k1:${randomBytes(32).toString('base64')}\n`, { mode: 0o600 })
      return {
        ENCRYPTION_KEYS_FILE: keysFile,
        WEBHOOK_ALLOWED_HOSTS: receiver.host,
        API_RATE_PER_MINUTE: '0',
        EXOTEL_REQUESTS_PER_MINUTE: '100000',
        DIAL_TIMEOUT_MS: '3000',
        RECONCILE_AFTER_MS: '500',
        RECONCILE_GRACE_MS: '5000',
        CALL_POLL_AFTER_MS: '5000',
      }
    }),
  )
  const { simulator, client } = system
  await simulator.ask('POST', '/simulator/accounts', { ...account, requestsPerMinute: 1_000_000 })
  await simulator.ask('POST', '/simulator/scenario', { ringAfterMs: 50, ringMs: 50, talkMs: 200 })
  const { agent } = await client.agents.create({ name: 'Flow', kind: 'flow', appId: '4711' })
  dialedPhones = []
  for (const n of [1, 2, 3]) {
    const { phone } = await client.phones.import({
      ...{ number: `0804733000${String(n)}`, country: 'IN', agentId: agent.id },
      exotelConfig: { ...account, subdomain: simulator.host },
    })
    dialedPhones.push(phone.id)
  }
  await seedPhones({
    databaseUrl: system.runFile().databaseUrl,
    tenantId: system.tenant.tenantId,
    sealKeys: secretsOf(pidOf('gateway'))['CREDENTIAL_SEAL_KEYS'] ?? '',
    host: simulator.host,
    count: SEEDED,
  })
  ;({ webhook } = await client.webhooks.create({ url: receiver.url, eventTypes: ['alert'] }))
  calls = placeSteadily(client, { phoneIds: dialedPhones, everyMs: 250, boundMs: 60_000 })
})

test('a key is introduced, and made the one that seals, while calls are placed', async () => {
  expect(await system.cli('keys', 'introduce', 'k2')).toMatchObject({ kid: 'k2', lacking: [] })
  expect(keysIn(keysFile).map((entry) => entry.split(':')[0])).toEqual(['k1', 'k2'])
  expect(await system.cli('keys', 'promote', 'k2')).toMatchObject({ from: 'k1', state: 'primary' })
})

/** What stood in some rows before: as a backup from then would bring it back. */
let before: { phone_id: string; enc_api_key: string; enc_api_token: string }[]

test('its worker is killed again and again; it goes on each time, and no edit is lost', async () => {
  before = await rows(
    `select phone_id, enc_api_key, enc_api_token from app.phone_credentials
     where kid = 'k1' order by phone_id limit 3`,
  )
  expect(before).toHaveLength(3)
  dialer = kept.use(await startSecondDialer(pidOf('dialer')))
  await system.cli('keys', 'rotate', '--detach')
  const stopEditing = new AbortController()
  const editing = editWhile(stopEditing.signal)
  let done = 0
  const killed: number[] = []
  while (killed.length < KILLS) {
    // A worker that has done something since the last kill, and is about to do more.
    const owner = await eventually(
      async () => {
        const [job] = await rows<{ owner: string | null; done: number; state: string }>(
          `select owner, done, state from app.key_jobs where kind = 'rotate'`,
        )
        if (job?.state !== 'running') return 'none'
        if (job.owner === null || job.done <= done) return null
        done = job.done
        return job.owner
      },
      { boundMs: 60_000, what: 'a worker that goes on' },
    )
    if (owner === 'none') break
    const pid = Number(owner.split(':')[1])
    if (pid === dialer.pid()) await dialer.killAndRestart()
    else process.kill(pid, 'SIGKILL')
    killed.push(pid)
    // As if the time had passed after which a worker without a word counts as dead.
    await rows(`update app.key_jobs set beat_at = beat_at - interval '1 hour' where owner = $1`, [
      owner,
    ])
  }
  const job = await eventually(
    async () => {
      const { rotation } = await system.client.keys.rotation()
      return rotation?.state === 'done' ? rotation : null
    },
    { boundMs: 120_000, what: 'the end of the rotation' },
  )
  stopEditing.abort()
  await editing
  expect(killed.length).toBeGreaterThanOrEqual(KILLS_AT_LEAST)
  expect(edits.size).toBeGreaterThan(50)
  expect(job).toMatchObject({ toKid: 'k2', failed: 0, failedRows: [] })
  expect(job.done).toBeGreaterThanOrEqual(SEEDED)
}, 300_000)

/** New credentials through the API, for rows that the work is just coming to, until it ends. */
async function editWhile(stop: AbortSignal): Promise<void> {
  for (let round = 0; !stop.aborted; round += 1) {
    const [job] = await rows<{ after_id: string | null }>(
      `select after_id from app.key_jobs where kind = 'rotate'`,
    )
    const reached = /^phn_0{8}(\d{16})$/.exec(job?.after_id ?? numberedId('phn', 0))
    const n = Number(reached?.[1] ?? SEEDED) + 1 + ((round * 37) % 100)
    if (n >= SEEDED) continue
    const secret = `edit-${String(round)}`
    const { status } = await recorder.ask({
      ...{ method: 'PUT', token: system.apiKey },
      url: new URL(`/api/v1/phones/${numberedId('phn', n)}/credentials`, system.gatewayUrl),
      body: {
        ...{ sid: 'edited', subdomain: system.simulator.host },
        ...{ apiKey: `${secret}-apiKey`, apiToken: `${secret}-apiToken` },
      },
    })
    expect(status).toBe(200)
    edits.set(n, secret)
  }
}

test('every call that was placed beside it was placed', async () => {
  const ended = await calls.stop()
  expect(ended.length).toBeGreaterThan(50)
  // A dialer that is killed between its claim and its request leaves a call of which nobody knows; Exotel is asked,
  // and it never came there. Nothing else may go wrong, least of all for want of a key.
  const wrong = ended.filter(({ status }) => status !== 'completed')
  expect(wrong.filter(({ reason }) => reason?.code !== 'not_placed')).toEqual([])
  expect(wrong.length).toBeLessThan(ended.length / 4)
  const placed = (await system.simulator.placed()).map(({ customField }) => customField)
  expect(placed).toHaveLength(new Set(placed).size)
  const missing = ended.filter(({ id, status }) => status === 'completed' && !placed.includes(id))
  expect(missing).toEqual([])
  const alerts = await rows(`select type from app.call_events where type = 'alert'`)
  expect(alerts).toEqual([])
})

test('every row is sealed under the new key, and opens to what was last put in', async () => {
  expect(await system.cli('keys', 'verify')).toMatchObject({ state: 'done', failed: 0 })
  const { keys } = await system.client.keys.status()
  expect(keys.find(({ kid }) => kid === 'k1')?.total).toBe(0)

  const [, onlyNew] = (dialersRings()['CREDENTIAL_OPEN_KEYS'] ?? '').trim().split(',')
  const ring = parseOpenRing(onlyNew ?? '')
  const opened = new Map(
    (await sealedCredentials(system.runFile().databaseUrl)).map((one) => [
      `${one.phoneId} ${one.field}`,
      openCredential(ring, one.context, one.sealed),
    ]),
  )
  const expected = new Map<string, string>()
  for (let n = 0; n < SEEDED; n += 1) {
    const edit = edits.get(n)
    for (const field of ['apiKey', 'apiToken'] as const) {
      const value = edit === undefined ? secretOf(n, field) : `${edit}-${field}`
      expected.set(`${numberedId('phn', n)} ${field}`, value)
    }
  }
  for (const id of dialedPhones) {
    expected.set(`${id} apiKey`, account.apiKey)
    expected.set(`${id} apiToken`, account.apiToken)
  }
  expect(opened).toEqual(expected)
})

/** Has a message sent, and opens it with the secret that was given out under the old key. */
async function signedMessage(client: Client): Promise<string> {
  const { delivery } = await client.webhooks.test(webhook.id)
  const arrived = await eventually(
    () => receiver.arrived().find(({ headers }) => headers['webhook-id'] === delivery.id),
    { boundMs: 30_000, what: 'a message' },
  )
  return messageOf(arrived, webhook.secret).type
}

test('the secret of a webhook is sealed under the new key, by the one process that opens it', async () => {
  const [row] = await rows<{ kid: string }>('select kid from app.webhook_secrets')
  expect(row?.kid).toBe('k2')
  expect(await signedMessage(system.client)).toBe('webhook.test')
})

test('the old key is retired and gone, and the system starts and calls without it', async () => {
  expect(await system.cli('keys', 'retire', 'k1', '--remove')).toMatchObject({ removed: true })
  expect(keysIn(keysFile).map((entry) => entry.split(':')[0])).toEqual(['k2'])
  await kept.use(dialer)[Symbol.asyncDispose]()
  await system.stop()

  await using again = launch(system.env)
  await again.ready()
  const client = createClient({ baseUrl: system.runFile().gatewayUrl, token: system.apiKey })
  const { call } = await client.calls.place({ phoneId: dialedPhones[0] ?? '', to: '+919870000001' })
  await eventually(async () => (await client.calls.get(call.id)).call.status === 'completed', {
    boundMs: 60_000,
    what: 'a call under the new key',
  })
  expect(await signedMessage(client)).toBe('webhook.test')
  await rows(
    `update app.phone_credentials c set enc_api_key = b.key, enc_api_token = b.token
     from unnest($1::text[], $2::text[], $3::text[]) as b (id, key, token) where c.phone_id = b.id`,
    (['phone_id', 'enc_api_key', 'enc_api_token'] as const).map((name) =>
      before.map((row) => row[name]),
    ),
  )
}, 240_000)

test('rows from before the rotation keep it from starting, and it says which key and how many', async () => {
  await using refused = launch(system.env)
  expect(await refused.ended()).not.toBe(0)
  const said = refused.output()
  expect(said).toMatch(/\b3 rows are sealed under key k1\b/)
  expect(said).toContain('ENCRYPTION_KEYS')
  expect(said).not.toMatch(/^ready /m)
})
