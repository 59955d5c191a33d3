import { eventually, tcpProxy, testRedis, type OwnRedis, type TcpProxy } from '@callwire/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createFixture, type Fixture } from './testing/fixture.ts'

let fixture: Fixture
let redis: OwnRedis
let proxy: TcpProxy
let ingest: Awaited<ReturnType<Fixture['start']>>
beforeAll(async () => {
  fixture = await createFixture()
  redis = await testRedis({ own: true })
  proxy = await tcpProxy({ target: fixture.config.databaseUrl })
  ingest = await fixture.start({
    databaseUrl: proxy.through(fixture.config.databaseUrl),
    redisUrl: redis.url,
  })
})
afterAll(async () => {
  await fixture[Symbol.asyncDispose]()
  await proxy[Symbol.asyncDispose]()
  await redis[Symbol.asyncDispose]()
})

const allFine = { postgres: 'ok', redis: 'ok', keys: 'ok', accepting: 'ok' }

async function ready() {
  const response = await fetch(`${ingest.http}/readyz`)
  const { checks } = (await response.json()) as { checks: Record<string, string> }
  return { status: response.status, checks }
}

/** What an operator might do to Redis. */
async function tellRedis(...[name, ...args]: [string, ...string[]]): Promise<void> {
  await ingest.context.bus.command.call(name, ...args)
}

type Trouble = { name: string; begin: () => Promise<void> | void; end: () => Promise<void> | void }
const troubles: (Trouble & { check: string; says: RegExp })[] = [
  {
    name: 'Postgres refuses',
    begin: () => {
      proxy.refuse()
      proxy.cut()
    },
    end: () => proxy.resume(),
    check: 'postgres',
    says: /^(unavailable|timeout)$/,
  },
  {
    name: 'Postgres never answers',
    begin: () => proxy.stall(),
    end: () => proxy.resume(),
    check: 'postgres',
    says: /^timeout$/,
  },
  {
    name: 'Redis is gone',
    begin: () => redis.kill(),
    end: () => redis.restart(),
    check: 'redis',
    says: /^unavailable$/,
  },
  {
    name: 'Redis is full',
    begin: () => tellRedis('CONFIG', 'SET', 'maxmemory', '1'),
    end: () => tellRedis('CONFIG', 'SET', 'maxmemory', '0'),
    check: 'redis',
    says: /^refuses_writes$/,
  },
  {
    name: 'Redis is a replica',
    begin: () => tellRedis('REPLICAOF', '127.0.0.1', '1'),
    end: () => tellRedis('REPLICAOF', 'NO', 'ONE'),
    check: 'redis',
    says: /^refuses_writes$/,
  },
]

test.each(troubles)(
  'says so when $name, stays alive, and says when it is over',
  async (trouble) => {
    // Each of its checks has half a second, which a busy machine may not give it at once.
    await expect.poll(ready).toEqual({ status: 200, checks: allFine })
    await trouble.begin()
    try {
      const broken = await eventually(async () => {
        const seen = await ready()
        const isOfIt = seen.status === 503 && seen.checks[trouble.check] !== 'ok'
        return isOfIt ? seen : null
      })
      const { [trouble.check]: said, ...others } = broken.checks
      expect(said).toMatch(trouble.says)
      // Keys are compared with the database's from time to time: they may not know of it yet.
      expect(others).toMatchObject({ accepting: 'ok' })
      expect((await fetch(`${ingest.http}/healthz`)).status).toBe(200)
      // Many who ask at once all get an answer, and do not make the trouble worse.
      const many = await Promise.all(Array.from({ length: 50 }, ready))
      expect(new Set(many.map(({ status }) => status))).toEqual(new Set([503]))
    } finally {
      await trouble.end()
    }
    await eventually(async () => (await ready()).status === 200, {
      boundMs: 15_000,
      what: 'ready again',
    })
  },
)
