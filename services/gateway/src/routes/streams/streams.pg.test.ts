import { streamSchema, type Stream } from '@callwire/contracts'
import postgres from 'postgres'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { fixturesOf, type Fixtures } from '../../testing/fixtures.ts'
import { gatewayUnderTest, type GatewayUnderTest } from '../../testing/gateway-under-test.ts'

let gw: GatewayUnderTest
let own: Fixtures
let others: Fixtures
let sql: postgres.Sql
beforeAll(async () => {
  gw = await gatewayUnderTest()
  own = await fixturesOf(gw, gw.tenant.apiKey)
  others = await fixturesOf(gw, gw.stranger.apiKey)
  sql = postgres(gw.databaseUrl, { max: 1, connection: { search_path: 'app' } })
})
afterAll(async () => {
  await sql.end({ timeout: 5 })
  await gw[Symbol.asyncDispose]()
})

const idOf = (n: number) => `str_${String(n).padStart(24, '0')}`

/** A socket as ingest writes it; `silentMs` since its last heartbeat. */
async function addStream(
  n: number,
  o: { tenantId?: string; callId?: string; silentMs?: number; hasEnded?: boolean } = {},
): Promise<void> {
  await sql`insert into media_streams ${sql({
    tenant_id: o.tenantId ?? gw.tenant.tenantId,
    id: idOf(n),
    call_id: o.callId ?? own.calls,
    stream_sid: `sid-${String(n)}`,
    sample_rate: 8_000,
    key_salt: 'A'.repeat(22),
    ...{ clock_ms: 21_000, frames: 1_000, audio_ms: 20_000, duplicated: 3, rewound: 1 },
    ...{ frames_per_second: 50, buffered_ms: 300 },
    gaps: sql.json([
      { fromMs: 0, toMs: 40 },
      { fromMs: 1_000, toMs: 1_960 },
    ]) as never,
  })}`
  await sql`update media_streams set
    opened_at = now() - interval '25 seconds',
    started_at = now() - interval '24 seconds',
    heartbeat_at = now() - ${o.silentMs ?? 0} * interval '1 millisecond',
    ended_at = ${o.hasEnded === true ? sql`now()` : null}
    where id = ${idOf(n)}`
}

async function streams(query = '', token = gw.tenant.apiKey) {
  const answer = await gw.send({ method: 'GET', url: `/api/v1/streams${query}`, token })
  expect(answer.status).toBe(200)
  const { data } = answer.json as { data: { streams: Stream[]; nextCursor: string | null } }
  return data
}

it('lists what is live with its rates, gaps and lag, and nothing that has ended', async () => {
  await addStream(1)
  await addStream(2, { hasEnded: true })
  const before = await streams()
  expect(before.streams).toMatchObject([
    {
      id: idOf(1),
      callId: own.calls,
      phoneId: own.phones,
      direction: 'outbound',
      ...{ frames: 1_000, framesPerSecond: 50, audioMs: 20_000, duplicated: 3, rewound: 1 },
      ...{ gapsMs: 1_000, bufferedMs: 300, lagMs: null, stale: false },
    },
  ])
  const [stream] = before.streams
  expect(streamSchema.parse(stream)).toEqual(stream)
  expect(stream?.number).toMatch(/^\+9180471\d{5}$/)
  expect(stream?.ageMs).toBeGreaterThanOrEqual(25_000)
  expect(before.nextCursor).toBeNull()

  const { tenantId } = gw.tenant
  await sql`insert into transcriptions ${sql({ tenant_id: tenantId, call_id: own.calls, acked_ms: 18_500 })}`
  expect((await streams()).streams).toMatchObject([{ lagMs: 2_500 }])
  // What was acknowledged behind the last heartbeat's clock is no negative lag.
  await sql`update transcriptions set acked_ms = 22_000 where call_id = ${own.calls}`
  expect((await streams()).streams).toMatchObject([{ lagMs: 0 }])
})

it('marks one whose heartbeats stay out', async () => {
  await sql`update media_streams set heartbeat_at = now() - interval '11 seconds' where id = ${idOf(1)}`
  const [stream] = (await streams()).streams
  expect(stream?.stale).toBe(true)
  expect(stream?.heartbeatAgeMs).toBeGreaterThanOrEqual(11_000)
})

it('pages newest first, and finds those of a call and of a phone', async () => {
  await addStream(3)
  await addStream(4)
  const first = await streams('?limit=2')
  expect(first.streams.map(({ id }) => id)).toEqual([idOf(4), idOf(3)])
  const second = await streams(`?limit=2&cursor=${first.nextCursor ?? ''}`)
  expect(second).toMatchObject({ streams: [{ id: idOf(1) }], nextCursor: null })
  expect((await streams(`?callId=${own.calls}&phoneId=${own.phones}`)).streams).toHaveLength(3)
  expect((await streams(`?phoneId=${others.phones}`)).streams).toEqual([])
  expect((await streams(`?callId=${others.calls}`)).streams).toEqual([])
})

it('shows a tenant its own alone, to whoever may read calls', async () => {
  await addStream(5, { tenantId: gw.stranger.tenantId, callId: others.calls })
  expect((await streams()).streams.map(({ id }) => id)).not.toContain(idOf(5))
  expect((await streams('', gw.stranger.apiKey)).streams).toMatchObject([{ id: idOf(5) }])
  const body = { name: 'phones only', scopes: ['phones:read'] }
  const key = await gw.send({
    method: 'POST',
    url: '/api/v1/api-keys',
    token: gw.tenant.apiKey,
    body,
  })
  const { secret } = (key.json as { data: { apiKey: { secret: string } } }).data.apiKey
  const refused = await gw.send({ method: 'GET', url: '/api/v1/streams', token: secret })
  expect(refused.status).toBe(403)
})

it('shows nothing of the other person', async () => {
  const { text } = await gw.send({
    method: 'GET',
    url: '/api/v1/streams',
    token: gw.tenant.apiKey,
  })
  expect(text).not.toMatch(/98765|\*\*\*|person|metadata/)
})
