import { request } from 'node:http'
import postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { rowsOf } from '../../testing/database-rows.ts'
import { fixturesOf, type Fixtures } from '../../testing/fixtures.ts'
import {
  gatewayUnderTest,
  signIn,
  textAt,
  type Answer,
  type GatewayUnderTest,
} from '../../testing/gateway-under-test.ts'

let gw: GatewayUnderTest
let own: Fixtures
let session: string
beforeAll(async () => {
  gw = await gatewayUnderTest()
  own = await fixturesOf(gw, gw.tenant.apiKey)
  session = await signIn(gw)
})
afterAll(() => gw[Symbol.asyncDispose]())

/** With a key, as a program; without, as a person. */
const place = (to: string, key: string | null, body: object = {}): Promise<Answer> =>
  gw.send({
    method: 'POST',
    url: '/api/v1/calls',
    token: key === null ? session : gw.tenant.apiKey,
    headers: key === null ? {} : { 'idempotency-key': key },
    body: { phoneId: own.phones, to, ...body },
  })

describe('several Idempotency-Key headers', () => {
  /** Over a socket of its own: only there headers are doubled. */
  const send = (to: string, ...keys: string[]) =>
    new Promise<{ status: number; replayed: boolean; text: string }>((resolve, reject) => {
      const body = JSON.stringify({ phoneId: own.phones, to })
      const headers = {
        authorization: `Bearer ${gw.tenant.apiKey}`,
        'content-type': 'application/json',
        'content-length': body.length,
        'idempotency-key': keys,
      }
      const sent = request(`${gw.origin}/api/v1/calls`, { method: 'POST', headers }, (answer) => {
        let text = ''
        answer.on('data', (chunk: Buffer) => (text += chunk.toString()))
        answer.on('end', () => {
          const replayed = answer.headers['idempotent-replayed'] === 'true'
          resolve({ status: answer.statusCode ?? 0, replayed, text })
        })
      })
      sent.on('error', reject)
      sent.end(body)
    })
  const keys = async () => (await rowsOf(gw.databaseUrl, 'idempotency_keys')).map(({ key }) => key)

  it('are refused when they differ, whatever is placed with them', async () => {
    const before = await keys()
    const { status, text } = await send('+919811300001', 'one', 'two')
    expect([status, JSON.parse(text)]).toMatchObject([
      400,
      {
        error: {
          code: 'validation_failed',
          details: { issues: [{ path: 'headers.idempotency-key' }] },
        },
      },
    ])
    expect(await keys()).toEqual(before)
  })

  it('are one when they are equal, however long', async () => {
    const key = 'k'.repeat(255)
    const first = await send('+919811300002', key)
    const again = await send('+919811300002', key, key)
    expect([first.status, again]).toEqual([202, { ...first, replayed: true }])
    expect(await keys()).toContain(key)
  })
})

describe('a request that waits for another for too long', () => {
  /** Runs `work` while somebody else holds this turn. */
  const whileHeld = async <T>(turn: string, work: () => Promise<T>): Promise<T> => {
    const sql = postgres(gw.databaseUrl, { max: 1, onnotice: () => undefined })
    try {
      await sql`select pg_advisory_lock(hashtextextended(${turn}, 0))`
      return await work()
    } finally {
      await sql.end({ timeout: 5 })
    }
  }
  /** The turn of a person who was called once, and is not any more. */
  const turnOf = async (to: string) => {
    const placed = await place(to, `turn of ${to}`)
    const id = textAt(placed, 'call.id')
    await gw.send({ method: 'POST', url: `/api/v1/calls/${id}/cancel`, token: gw.tenant.apiKey })
    const row = (await rowsOf(gw.databaseUrl, 'calls')).find((one) => one['id'] === id)
    return `live:${gw.tenant.tenantId}:${String(row?.['person_index'])}`
  }
  const told = ({ status, headers, json }: Answer) => [status, headers['retry-after'], json]

  it.each(['with a key', null])('about the person, %s, is told to come again', async (key) => {
    const to = key === null ? '+919811300011' : '+919811300012'
    const answer = await whileHeld(await turnOf(to), () => place(to, key))
    expect(told(answer)).toMatchObject([503, '1', { error: { code: 'unavailable' } }])
    expect((await place(to, key)).status).toBe(202)
  })

  it.each(['live key', null])('about the person, %s, is told of their call', async (key) => {
    const to = key === null ? '+919811300013' : '+919811300014'
    const [live, answer] = await whileHeld(await turnOf(to), async () => {
      const first = await place(to, `${to} live`, { allowConcurrent: true })
      return [first, await place(to, key)]
    })
    expect(told(answer)).toMatchObject([
      409,
      undefined,
      { error: { code: 'call_already_live', details: { callId: textAt(live, 'call.id') } } },
    ])
  })

  it('about the person gets the call of its own key, once that is there', async () => {
    const to = '+919811300015'
    const turn = await turnOf(to)
    const first = await place(to, 'own')
    const again = await whileHeld(turn, () => place(to, 'own'))
    expect([again.headers['idempotent-replayed'], again.text]).toEqual(['true', first.text])
  })

  it.each([{}, { allowConcurrent: true }])(
    'for its key, with %j, is told that the first one still runs',
    async (body) => {
      const key = `running ${JSON.stringify(body)}`
      const turn = `key:${gw.tenant.tenantId}:POST /calls:${key}`
      const answer = await whileHeld(turn, () => place('+919811300016', key, body))
      expect(told(answer)).toMatchObject([409, '1', { error: { code: 'idempotency_in_progress' } }])
    },
  )
})

describe('the document', () => {
  it('tells of both addresses what a key does, and how a replay is marked', async () => {
    const { paths } = (await gw.send({ method: 'GET', url: '/docs/json' })).json as {
      paths: Record<string, { post?: { parameters: object[]; responses: Record<string, object> } }>
    }
    for (const path of ['/api/v1/calls', '/api/v1/exotel/calls']) {
      const post = paths[path]?.post
      expect(post?.responses['202']).toMatchObject({
        description: 'The queued call',
        headers: {
          'Idempotent-Replayed': {
            description: expect.stringContaining('nothing new') as string,
            schema: { type: 'string', enum: ['true'] },
          },
        },
        content: { 'application/json': { schema: { type: 'object' } } },
      })
      expect(post?.parameters).toContainEqual(
        expect.objectContaining({
          in: 'header',
          name: 'idempotency-key',
          required: false,
          schema: expect.objectContaining({
            type: 'string',
            minLength: 1,
            maxLength: 255,
          }) as object,
        }),
      )
    }
  })
})
