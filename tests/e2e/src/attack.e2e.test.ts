import type { Call } from '@callwire/contracts'
import { openContent, parseContentRing } from '@callwire/crypto'
import { sealContexts } from '@callwire/keyring'
import { createClient, type Client } from '@callwire/sdk'
import { eventually } from '@callwire/testkit'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { lootOf } from './attacker/loot.ts'
import { recover } from './attacker/recover.ts'
import { sealedCredentials, sealedWebhookSecrets } from './attacker/sealed-credentials.ts'
import { tamperings, type Tampering } from './attacker/tampering.ts'
import { startConstellation, type Constellation, type Service } from './constellation.ts'
import { ofType } from './expected-words.ts'
import { startRecordingExotel, type RecordingExotel } from './recording-exotel.ts'
import { asSuperuser } from './search/postgres.ts'
import { account } from './simulator.ts'

let system: Constellation
let attackers: RecordingExotel
/** Another tenant of the install, whose phones nobody of the first may touch. */
let stranger: Client
/** Where the secrets of webhooks are, for anybody but the courier. */
const signingSecrets = [
  'select sealed from app.webhook_secrets',
  'select s from app.webhook_secrets s',
  'copy app.webhook_secrets to stdout',
  'set role callwire_courier',
]
const victims = 'acme7'
const attackersAccount = 'acme9'
const kept = new AsyncDisposableStack()
afterAll(() => kept.disposeAsync())

beforeAll(async () => {
  attackers = kept.use(await startRecordingExotel())
  system = kept.use(
    await startConstellation(({ host }) => ({
      EXOTEL_ALLOWED_HOSTS: `${host},${attackers.host}`,
      API_RATE_PER_MINUTE: '0',
    })),
  )
  const { apiKey } = (await system.cli(
    ...['tenant', 'create', '--name', 'Stranger', '--email', 'owner@stranger.example'],
  )) as { apiKey: string }
  stranger = createClient({ baseUrl: system.gatewayUrl, token: apiKey })
  // Each may call from any number, and all have the same key and token: what differs is the name alone.
  for (const sid of [account.sid, victims, attackersAccount])
    await system.simulator.ask('POST', '/simulator/accounts', { ...account, sid })
  await system.simulator.script('short')
})

let phones = 0
async function importPhone(client: Client, sid = account.sid): Promise<string> {
  const number = `0804722${String((phones += 1)).padStart(4, '0')}`
  const exotelConfig = { ...account, sid, subdomain: system.simulator.host }
  const { agent } = await client.agents.create({ name: `Listener ${number}`, kind: 'stream' })
  const body = { number, country: 'IN', exotelConfig, agentId: agent.id }
  return (await client.phones.import(body)).phone.id
}

/** How often anybody has spoken to Exotel as one of these accounts. */
async function requestsOf(...sids: string[]): Promise<number> {
  const path = '/simulator/log?kind=request&limit=50000'
  const { log } = (await system.simulator.ask('GET', path)) as { log: { accountSid: string }[] }
  return log.filter(({ accountSid }) => sids.includes(accountSid)).length
}

/** A call once it stands as it should. */
async function ends(callId: string, status: RegExp): Promise<Call> {
  return eventually(
    async () => {
      const { call } = await system.client.calls.get(callId)
      return status.test(call.status) ? call : null
    },
    { boundMs: 60_000, what: `${callId} being ${String(status)}` },
  )
}

const pidOf = (service: Service) => {
  const pid = system.runFile().pids[service]
  if (pid === undefined) throw new Error(`${service} does not run`)
  return pid
}

describe('whoever has a process’s whole environment and a dump of the database', () => {
  const values = [account.apiKey, account.apiToken]
  let sealed: Awaited<ReturnType<typeof sealedCredentials>>
  beforeAll(async () => {
    for (const client of [system.client, stranger]) await importPhone(client)
    sealed = await sealedCredentials(system.runFile().databaseUrl)
    expect(sealed).toHaveLength(4)
  })

  test.each<Service>(['gateway', 'ingest', 'transcriber', 'copilot', 'courier'])(
    'of the %s recovers not one credential',
    (service) => {
      const loot = lootOf(pidOf(service))
      expect(loot.keys.length).toBeGreaterThan(100)
      expect(recover(loot, sealed)).toEqual([])
    },
  )

  test('of the dialer recovers all of them, by the same procedure', () => {
    const opened = recover(lootOf(pidOf('dialer')), sealed)
    expect(opened).toHaveLength(sealed.length)
    expect(opened.every((line) => values.some((value) => line.endsWith(`: ${value}`)))).toBe(true)
  })

  test('of the gateway has what the gateway may have: it can seal, and read what it shows', async () => {
    const { variables } = lootOf(pidOf('gateway'))
    expect(Object.keys(variables)).toContain('CREDENTIAL_SEAL_KEYS')
    expect(Object.keys(variables)).not.toContain('CREDENTIAL_OPEN_KEYS')
    expect(Object.keys(variables)).not.toContain('ENCRYPTION_KEYS')
    const phoneId = await importPhone(system.client)
    const { call } = await system.client.calls.place({ phoneId, to: '+919811300001' })
    const [row] = await asSuperuser(system.runFile().databaseUrl, async (client) => {
      const text = 'select tenant_id, person_sealed from app.calls where id = $1'
      return (await client.query<{ tenant_id: string; person_sealed: string }>(text, [call.id]))
        .rows
    })
    const ring = parseContentRing((variables['CONTENT_KEYS'] ?? '').trim())
    const context = sealContexts.person(row?.tenant_id ?? '', call.id)
    const opened = openContent(ring, context, row?.person_sealed ?? '')
    expect(Buffer.from(opened).toString()).toBe('+919811300001')
  })

  test('of no process but the courier recovers a signing secret of a webhook', async () => {
    const { webhook } = await system.client.webhooks.create({
      url: 'https://example.com/hook',
      eventTypes: ['call.status'],
    })
    const secrets = await sealedWebhookSecrets(system.runFile().databaseUrl)
    expect(secrets).toHaveLength(1)
    for (const service of ['gateway', 'ingest', 'dialer', 'transcriber', 'copilot'] as const) {
      const opened = recover(lootOf(pidOf(service)), secrets, 'WEBHOOK')
      expect([service, opened]).toEqual([service, []])
    }
    const opened = recover(lootOf(pidOf('courier')), secrets, 'WEBHOOK')
    expect(opened).toEqual([`${secrets[0]?.name ?? ''}: ${webhook.secret}`])
  })

  test.each<Service>(['gateway', 'ingest', 'transcriber', 'copilot', 'courier'])(
    'signed in as the %s can’t even read what is sealed',
    async (service) => {
      const { variables } = lootOf(pidOf(service))
      const client = new pg.Client({ connectionString: variables['DATABASE_URL'] ?? '' })
      await client.connect()
      try {
        const [{ tenant_id: tenantId } = { tenant_id: '' }] = await asSuperuser(
          system.runFile().databaseUrl,
          async (superuser) =>
            (await superuser.query<{ tenant_id: string }>('select tenant_id from app.phones')).rows,
        )
        await client.query(`select set_config('app.tenant', $1, false)`, [tenantId])
        for (const statement of [
          'select enc_api_key from app.phone_credentials',
          'select enc_api_token from app.phone_credentials',
          'select t from app.phone_credentials t',
          'copy app.phone_credentials to stdout',
          ...(service === 'courier' ? [] : signingSecrets),
          'set role callwire_dialer',
          'set role callwire_backup',
          'set session authorization callwire_dialer',
        ]) {
          await expect(client.query(statement), statement).rejects.toMatchObject({
            ...{ code: '42501', message: expect.stringMatching(/^permission denied/) as string },
          })
        }
      } finally {
        await client.end()
      }
    },
  )
})

describe('whoever writes the database', () => {
  const columns = 'subdomain, sid, version, enc_api_key, enc_api_token'
  type Case = { name: string; phoneId: string; before: unknown[] }
  const cases: Case[] = []

  /** Changes a phone's row as the superuser, and keeps what stood there. */
  async function tamper(tampering: Tampering): Promise<Case> {
    const phoneId = await importPhone(system.client, victims)
    const donorId = await importPhone(system.client, victims)
    const strangerId = await importPhone(stranger, victims)
    return asSuperuser(system.runFile().databaseUrl, async (client) => {
      const select = `select ${columns} from app.phone_credentials where phone_id = $1`
      const { rows } = await client.query<Record<string, unknown>>(select, [phoneId])
      await tampering.apply(client, { phoneId, donorId, strangerId })
      const changed = await client.query<Record<string, unknown>>(select, [phoneId])
      expect(changed.rows, tampering.name).not.toEqual(rows)
      return { name: tampering.name, phoneId, before: Object.values(rows[0] ?? {}) }
    })
  }

  test('makes a call fail before anything is sent, and rings the alarm', async () => {
    const [sealed] = await sealedCredentials(system.runFile().databaseUrl)
    const kid = sealed?.sealed.split('.')[1] ?? ''
    const others = { host: attackers.host, sid: attackersAccount, kid }
    for (const tampering of tamperings(others)) cases.push(await tamper(tampering))
    const ended = await Promise.all(
      cases.map(async ({ name, phoneId }, i) => {
        const to = `+9198113001${String(i).padStart(2, '0')}`
        const { call } = await system.client.calls.place({ phoneId, to })
        const { status, reason } = await ends(call.id, /^(failed|completed|in-progress|unknown)$/)
        const { events } = await system.client.calls.events(call.id)
        const alerts = ofType(events, 'alert').map(({ data }) => `${data.severity} ${data.code}`)
        return { name, status, reason: reason?.code, alerts }
      }),
    )
    expect(ended).toEqual(
      cases.map(({ name }) => ({
        ...{ name, status: 'failed', reason: 'credential_integrity' },
        alerts: ['page credential_integrity'],
      })),
    )
    expect(await requestsOf(victims, attackersAccount)).toBe(0)
    expect(attackers.requests()).toEqual([])
  })

  test('has broken nothing for good: with the rows as they were, the same phones call', async () => {
    await asSuperuser(system.runFile().databaseUrl, async (client) => {
      const restore = `update app.phone_credentials set (${columns}) = ($2, $3, $4, $5, $6)
                       where phone_id = $1`
      for (const { phoneId, before } of cases) await client.query(restore, [phoneId, ...before])
    })
    await Promise.all(
      cases.map(async ({ phoneId }, i) => {
        const to = `+9198113002${String(i).padStart(2, '0')}`
        const { call } = await system.client.calls.place({ phoneId, to })
        await ends(call.id, /^(in-progress|completed)$/)
      }),
    )
    expect(await requestsOf(victims)).toBeGreaterThanOrEqual(cases.length)
    expect(attackers.requests()).toEqual([])
  })
})
