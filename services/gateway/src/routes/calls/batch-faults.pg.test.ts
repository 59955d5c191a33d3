import { fileURLToPath } from 'node:url'
import { createTenant, type NewTenant } from '@callwire/accounts'
import { connectProvisioner, migrateDatabase, serviceNames, type ServiceName } from '@callwire/db'
import { systemClock, systemRandom } from '@callwire/runtime'
import {
  eventually,
  freePort,
  startServiceProcess,
  tcpProxy,
  testPostgres,
  testServicePassword,
  type OwnStore,
  type TcpProxy,
} from '@callwire/testkit'
import postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { rowsOf } from '../../testing/database-rows.ts'
import { fixturesOf, type Fixtures } from '../../testing/fixtures.ts'
import {
  gatewayUnderTest,
  jwtSecret,
  textAt,
  type Answer,
  type GatewayUnderTest,
} from '../../testing/gateway-under-test.ts'
import { whileWritten } from './testing/while-written.ts'

/** More than one batch. */
const burst = 40

type World = {
  gw: GatewayUnderTest
  databaseUrl: string
  tenant: NewTenant
  own: Fixtures
}
type Request = { key: string; to: string }
/** Null where the answer was lost with whoever gave it. */
type Told = { status: number; id: string | null } | null

let bursts = 0
function requests(): Request[] {
  bursts += 1
  return Array.from({ length: burst }, (_, i) => ({
    key: `burst-${bursts}-${i}`,
    to: `+91981${70 + bursts}${10_000 + i}`,
  }))
}

const placeAt =
  ({ gw, tenant, own }: World) =>
  ({ key, to }: Request): Promise<Answer> =>
    gw.send({
      method: 'POST',
      url: '/api/v1/calls',
      token: tenant.apiKey,
      headers: { 'idempotency-key': key },
      body: { phoneId: own.phones, to },
    })

const toldBy = (answer: Answer): Told => ({
  status: answer.status,
  id: answer.status === 202 ? textAt(answer, 'call.id') : null,
})

/** Whatever was told is true, and every request that comes again has made exactly one call. */
async function expectOneCallEach(world: World, asked: readonly Request[], told: readonly Told[]) {
  expect(told).toHaveLength(asked.length)
  for (const one of told) expect([202, 503, undefined]).toContain(one?.status)
  const place = placeAt(world)
  const again = await Promise.all(
    asked.map((request) =>
      eventually(
        async () => {
          const answer = await place(request)
          return [503, 409].includes(answer.status) ? null : answer
        },
        { boundMs: 60_000 },
      ),
    ),
  )
  expect(again.map(({ status, text }) => (status === 202 ? 202 : text))).toEqual(
    asked.map(() => 202),
  )
  const ids = again.map((answer) => textAt(answer, 'call.id'))
  for (const [i, one] of told.entries()) {
    if (one?.id != null) expect([i, ids[i]]).toEqual([i, one.id])
  }
  const rowsWith = async (table: string, id: string) =>
    (await rowsOf(world.databaseUrl, table)).map((row) => String(row[id]))
  const keys = new Set(asked.map(({ key }) => key))
  const claims = (await rowsOf(world.databaseUrl, 'idempotency_keys')).filter((row) =>
    keys.has(String(row['key'])),
  )
  expect(claims.map((row) => row['call_id']).sort()).toEqual([...ids].sort())
  const others = new Set(await priorIds(world))
  for (const [table, id] of [
    ['calls', 'id'],
    ['call_heads', 'call_id'],
    ['call_events', 'call_id'],
    ['call_keys', 'call_id'],
  ] as const) {
    const made = (await rowsWith(table, id)).filter((one) => !others.has(one))
    expect([table, made.sort()]).toEqual([table, [...ids].sort()])
  }
  for (const id of ids) seen.add(id)
}

/** Calls that earlier bursts and the fixtures have made. */
const seen = new Set<string>()
const priorIds = ({ own }: World) => Promise.resolve([own.calls, ...seen])

describe('a batch that a fault interrupts', () => {
  let opened: AsyncDisposableStack
  let world: World
  let proxy: TcpProxy
  beforeAll(async () => {
    opened = new AsyncDisposableStack()
    const gw = opened.use(
      await gatewayUnderTest({
        viaDatabase: async (url) => {
          proxy = opened.use(await tcpProxy({ target: url }))
          return proxy.through(url)
        },
      }),
    )
    const { tenant, databaseUrl } = gw
    world = { gw, tenant, databaseUrl, own: await fixturesOf(gw, tenant.apiKey) }
  })
  afterAll(() => opened.disposeAsync())

  const sendAll = (asked: readonly Request[]) => () =>
    Promise.all(asked.map(async (request) => toldBy(await placeAt(world)(request))))

  it.each<[string, (release: () => Promise<unknown>) => Promise<void>]>([
    [
      'that ends the gateway’s sessions',
      async (release) => {
        const sql = postgres(world.databaseUrl, { max: 1, onnotice: () => undefined })
        await sql`
          select pg_terminate_backend(pid) from pg_stat_activity
          where datname = current_database() and usename = 'callwire_gateway'`
        await sql.end({ timeout: 5 })
        await release()
      },
    ],
    [
      'that cuts its connections',
      async (release) => {
        proxy.cut()
        await release()
      },
    ],
  ])('%s leaves one call for each request', async (_how, fault) => {
    const asked = requests()
    await expectOneCallEach(
      world,
      asked,
      await whileWritten(world.databaseUrl, sendAll(asked), fault),
    )
  })

  it('after its commit, before its answer, is told as 503 and found by its keys', async () => {
    const asked = requests()
    const callsNow = async () => (await rowsOf(world.databaseUrl, 'calls')).length
    const before = await callsNow()
    const told = await whileWritten(world.databaseUrl, sendAll(asked), async (release) => {
      proxy.dropReply()
      await release()
      await eventually(async () => (await callsNow()) > before)
      proxy.cut()
      proxy.resume()
    })
    expect(told.some((one) => one?.status === 503)).toBe(true)
    await expectOneCallEach(world, asked, told)
  })
})

describe('a gateway that is killed while it writes a batch', () => {
  it('leaves one call for each request, whichever gateway is asked then', async () => {
    await using opened = new AsyncDisposableStack()
    let serviceUrl = ''
    const gw = opened.use(
      await gatewayUnderTest({
        viaDatabase: (url) => Promise.resolve((serviceUrl = url)),
      }),
    )
    const { tenant, databaseUrl } = gw
    const world = { gw, tenant, databaseUrl, own: await fixturesOf(gw, tenant.apiKey) }
    const port = await freePort()
    const main = fileURLToPath(new URL('../../main.ts', import.meta.url))
    const child = await startServiceProcess(
      main,
      {
        DATABASE_URL: serviceUrl,
        REDIS_URL: gw.redis.url,
        GATEWAY_PORT: String(port),
        METRICS_PORT: '0',
        JWT_SECRET: jwtSecret,
        API_RATE_PER_MINUTE: '0',
        PUBLIC_URL: 'https://calls.example',
        ...gw.keys,
      },
      '"msg":"started"',
    )
    opened.defer(async () => {
      await child.kill()
    })
    const ask = async ({ key, to }: Request): Promise<Told> => {
      try {
        const answer = await fetch(`http://127.0.0.1:${port}/api/v1/calls`, {
          method: 'POST',
          headers: {
            authorization: `Bearer ${tenant.apiKey}`,
            'content-type': 'application/json',
            'idempotency-key': key,
          },
          body: JSON.stringify({ phoneId: world.own.phones, to }),
        })
        const { data } = (await answer.json()) as { data?: { call: { id: string } } }
        return { status: answer.status, id: data?.call.id ?? null }
      } catch {
        return null
      }
    }
    const asked = requests()
    const told = await whileWritten(
      world.databaseUrl,
      () => Promise.all(asked.map(ask)),
      async (release) => {
        await child.kill()
        await release()
      },
    )
    expect(told).toContain(null)
    await expectOneCallEach(world, asked, told)
  })
})

describe('a PostgreSQL that is killed while it writes a batch', () => {
  let opened: AsyncDisposableStack
  let server: OwnStore
  let world: World
  beforeAll(async () => {
    opened = new AsyncDisposableStack()
    server = opened.use(await testPostgres({ own: true }))
    const maintenance = postgres(server.url, { max: 1, onnotice: () => undefined })
    await maintenance`create database killed`
    // Servers of tests do not wait for their log, without which there is nothing to promise.
    await maintenance`alter database killed set synchronous_commit = on`
    await maintenance.end({ timeout: 5 })
    const url = new URL(server.url)
    url.pathname = '/killed'
    const passwords = Object.fromEntries(
      serviceNames.map((service) => [service, testServicePassword(service)]),
    ) as Record<ServiceName, string>
    await migrateDatabase({ url: url.href, passwords })
    const login = new URL(url)
    login.username = 'callwire_gateway'
    login.password = testServicePassword('gateway')
    const gw = opened.use(
      await gatewayUnderTest({ viaDatabase: () => Promise.resolve(login.href) }),
    )
    const provisioner = connectProvisioner({ url: url.href })
    const tenant = await createTenant(
      { provisioner, clock: systemClock, random: systemRandom },
      { name: 'kept', email: 'kept@example.com' },
    )
    await provisioner.close()
    const own = await fixturesOf(gw, tenant.apiKey)
    world = { gw, databaseUrl: url.href, tenant, own }
  })
  afterAll(() => opened.disposeAsync())

  it('leaves one call for each request, and every one that it told of', async () => {
    const asked = requests()
    const place = placeAt(world)
    const told = await whileWritten(
      world.databaseUrl,
      () => Promise.all(asked.map(async (request) => toldBy(await place(request)))),
      async () => {
        await server.kill()
        await server.restart()
      },
    )
    expect(told.some((one) => one?.status === 503)).toBe(true)
    await expectOneCallEach(world, asked, told)
  })
})
