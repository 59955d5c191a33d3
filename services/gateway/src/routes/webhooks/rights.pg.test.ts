import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { textAt } from '../../testing/gateway-under-test.ts'
import {
  codeOf,
  webhooksUnderTest,
  type WebhooksUnderTest,
} from '../../testing/webhooks-under-test.ts'

let w: WebhooksUnderTest
/** A key that may change webhooks, and read of calls everything but what was said. */
let narrow: string
beforeAll(async () => {
  w = await webhooksUnderTest()
  const key = await w.gw.send({
    method: 'POST',
    url: '/api/v1/api-keys',
    token: w.gw.tenant.apiKey,
    body: { name: 'narrow', scopes: ['webhooks:write', 'webhooks:read', 'calls:read'] },
  })
  narrow = textAt(key, 'apiKey.secret')
  // Words, as a fact of the call behind its first one.
  await w.sql`
    insert into call_events (tenant_id, call_id, seq, id, type, at, data, salt, commit, hash)
    select tenant_id, call_id, 2, left(id, -1) || case right(id, 1) when '0' then '1' else '0' end,
      'transcript.final', now(), '{"text":"words"}', salt, commit, hash
    from call_events where call_id = ${w.callId} and seq = 1`
  await w.sql`update call_heads set seq = 2, changed_at = now() where call_id = ${w.callId}`
})
afterAll(() => w[Symbol.asyncDispose]())
beforeEach(() => w.empty())

const since = new Date(Date.now() - 3_600_000).toISOString()
const elsewhere = { url: 'https://evil.example/' }

/** The webhook's messages, as pairs of type and state. */
const messages = async (id: string) =>
  (
    await w.sql<{ id: string; event_type: string; state: string }[]>`
      select id, event_type, state from webhook_deliveries where endpoint_id = ${id}
      order by event_type`
  ).map((row) => [row.event_type, row.state] as const)

/** A webhook that was told of words once and is not any more, and the message that holds them. */
async function narrowed(): Promise<{ id: string; message: string }> {
  const id = await w.registered({ eventTypes: ['transcript.final'] })
  await w.send('POST', `/${id}/replay`, { since })
  await w.sql`update webhook_deliveries set state = 'delivered', finished_at = now()`
  const changed = await w.send('PATCH', `/${id}`, { eventTypes: ['call.status'] })
  expect(changed.status).toBe(200)
  const [row] = await w.sql<{ id: string }[]>`
    select id from webhook_deliveries where endpoint_id = ${id}`
  return { id, message: row?.id ?? '' }
}

describe('what a webhook hears', () => {
  it('is registered by nobody who could not read it', async () => {
    const body = (...eventTypes: string[]) => ({ ...elsewhere, eventTypes })
    expect((await w.send('POST', '', body('call.status', 'alert'), narrow)).status).toBe(201)
    for (const type of ['transcript.final', 'transcript.gap', 'stream.dtmf']) {
      const answer = await w.send('POST', '', body('call.status', type), narrow)
      expect([codeOf(answer), answer.text]).toEqual([
        '403 forbidden',
        expect.stringContaining('transcripts:read'),
      ])
    }
  })

  it.each<[string, object]>([
    ['turned aside', elsewhere],
    ['narrowed', { eventTypes: ['alert'] }],
    ['turned aside and narrowed at once', { ...elsewhere, eventTypes: ['alert'] }],
    ['widened', { eventTypes: ['transcript.final', 'stream.dtmf'] }],
  ])('is %s by nobody who could not read it', async (_how, body) => {
    const id = await w.registered({ eventTypes: ['transcript.final'] })
    const before = (await w.send('GET', `/${id}`)).json
    expect(codeOf(await w.send('PATCH', `/${id}`, body, narrow))).toBe('403 forbidden')
    expect((await w.send('GET', `/${id}`)).json).toEqual(before)
    expect((await w.send('PATCH', `/${id}`, body)).status).toBe(200)
  })

  it('is turned aside by nobody who could not read what it was told before', async () => {
    const { id } = await narrowed()
    expect(codeOf(await w.send('PATCH', `/${id}`, elsewhere, narrow))).toBe('403 forbidden')
    // Nothing but the address gives any of it away.
    const changed = await w.send('PATCH', `/${id}`, { description: 'CRM' }, narrow)
    expect(changed.status).toBe(200)
    expect((await w.send('PATCH', `/${id}`, elsewhere)).status).toBe(200)
  })

  it('is turned aside by whoever may read all of it', async () => {
    const id = await w.registered({ eventTypes: ['call.status'] })
    await w.send('POST', `/${id}/replay`, { since })
    expect((await w.send('PATCH', `/${id}`, elsewhere, narrow)).status).toBe(200)
  })
})

describe('a replay', () => {
  it('is asked for by nobody who could not read it', async () => {
    const id = await w.registered({ eventTypes: ['transcript.final'] })
    expect(codeOf(await w.send('POST', `/${id}/replay`, { since }, narrow))).toBe('403 forbidden')
  })

  it.each<[string, (message: string) => object, string, string | undefined]>([
    ['a span', () => ({ since }), '200 ', '"replayed":1'],
    ['a state', () => ({ since, state: 'delivered' }), '200 ', '"replayed":0'],
    ['an id', (deliveryId) => ({ deliveryId }), '409 conflict', undefined],
  ])('by %s leaves out types that were taken away', async (_by, asked, code, text = '') => {
    const { id, message } = await narrowed()
    for (const token of [narrow, w.gw.tenant.apiKey]) {
      const answer = await w.send('POST', `/${id}/replay`, asked(message), token)
      expect([codeOf(answer), answer.text]).toEqual([code, expect.stringContaining(text)])
    }
    expect(await messages(id)).toContainEqual(['transcript.final', 'delivered'])
    expect((await messages(id)).filter(([type]) => type === 'call.status')).toEqual(
      code === '200 ' && text.endsWith('1') ? [['call.status', 'pending']] : [],
    )
    // Given back, they are sent again by whoever may read them, and by nobody else.
    await w.send('PATCH', `/${id}`, { eventTypes: ['transcript.final'] })
    expect(codeOf(await w.send('POST', `/${id}/replay`, asked(message), narrow))).toBe(
      '403 forbidden',
    )
    expect((await w.send('POST', `/${id}/replay`, asked(message))).status).toBe(200)
    expect(await messages(id)).toContainEqual(['transcript.final', 'pending'])
  })

  it('takes in trials, whatever the webhook is told of', async () => {
    const id = await w.registered({ eventTypes: ['call.receipt'] })
    const deliveryId = textAt(await w.send('POST', `/${id}/test`), 'delivery.id')
    for (const body of [{ since }, { deliveryId }]) {
      const answer = await w.send('POST', `/${id}/replay`, body, narrow)
      expect(answer.json).toMatchObject({ data: { replayed: 1 } })
    }
  })
})
