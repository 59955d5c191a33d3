import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { changeRow, rowsOf } from '../../testing/database-rows.ts'
import { fixturesOf } from '../../testing/fixtures.ts'
import { textAt } from '../../testing/gateway-under-test.ts'
import {
  codeOf,
  webhooksUnderTest,
  type WebhooksUnderTest,
} from '../../testing/webhooks-under-test.ts'
import { MAX_REPLAYED } from './send-again.ts'

let w: WebhooksUnderTest
beforeAll(async () => {
  w = await webhooksUnderTest()
})
afterAll(() => w[Symbol.asyncDispose]())
beforeEach(() => w.empty())

type Delivery = { id: string; state: string; eventType: string; nextAttemptAt: string | null }
const deliveries = async (id: string, query = '') => {
  const { json } = await w.send('GET', `/${id}/deliveries${query}`)
  return (json as { data: { deliveries: Delivery[]; nextCursor: string | null } }).data
}
const finish = (id: string, state: 'delivered' | 'dead') =>
  changeRow(w.gw.databaseUrl, 'webhook_deliveries', id, {
    state,
    attempts: 3,
    last_status: 500,
    last_error: 'status',
    last_attempt_at: new Date(),
    finished_at: new Date(),
  })
const anHourAgo = () => new Date(Date.now() - 3_600_000).toISOString()

describe('messages', () => {
  it('are listed page by page, by state', async () => {
    const id = await w.registered()
    const sent: string[] = []
    for (let n = 0; n < 3; n += 1) {
      const test = await w.send('POST', `/${id}/test`)
      expect(test.status).toBe(202)
      sent.unshift(textAt(test, 'delivery.id'))
    }
    await finish(sent[1] ?? '', 'dead')
    const first = await deliveries(id, '?limit=2')
    expect(first.deliveries).toMatchObject([
      { id: sent[0], state: 'pending', eventType: 'webhook.test', attempts: 0 },
      { id: sent[1], state: 'dead', nextAttemptAt: null, attempts: 3, lastStatus: 500 },
    ])
    const second = await deliveries(id, `?limit=2&cursor=${first.nextCursor ?? ''}`)
    expect(second).toMatchObject({ deliveries: [{ id: sent[2] }], nextCursor: null })
    const dead = await deliveries(id, '?state=dead')
    expect(dead.deliveries.map((one) => one.id)).toEqual([sent[1]])
    // A test tells the tenant of an alert that is nobody else's.
    const alerts = await rowsOf(w.gw.databaseUrl, 'tenant_alerts')
    expect(alerts).toMatchObject(
      sent.map(() => ({ code: 'webhook_test', about: { webhookId: id } })),
    )
  })

  it('are sent again one by one, under the id they had', async () => {
    const id = await w.registered()
    const message = textAt(await w.send('POST', `/${id}/test`), 'delivery.id')
    await finish(message, 'dead')
    await changeRow(w.gw.databaseUrl, 'webhook_deliveries', message, {
      owner: 'courier-1',
      owned_until: new Date(Date.now() + 60_000),
    })
    const again = await w.send('POST', `/${id}/replay`, { deliveryId: message })
    expect([again.status, again.json]).toMatchObject([200, { data: { replayed: 1 } }])
    expect(await rowsOf(w.gw.databaseUrl, 'webhook_deliveries')).toMatchObject([
      { id: message, state: 'pending', attempts: 0, owner: null, owned_until: null },
    ])
    const other = await w.registered()
    const wrong = await w.send('POST', `/${other}/replay`, { deliveryId: message })
    expect(codeOf(wrong)).toBe('404 not_found')
  })

  it('are sent again for a span of time, with the facts that had none', async () => {
    const id = await w.registered({ eventTypes: ['call.status', 'alert'] })
    const alert = (code: string) =>
      w.sql`insert into tenant_alerts ${w.sql({
        tenant_id: w.gw.tenant.tenantId,
        id: `alt_${String(code.length).padStart(24, '0')}`,
        code,
        severity: 'warn',
        message: 'm',
      })}`
    await alert('some')
    await alert('webhook_test')
    const since = anHourAgo()
    expect((await w.send('POST', `/${id}/replay`, { since, state: 'dead' })).json).toMatchObject({
      data: { replayed: 0 },
    })
    const all = await w.send('POST', `/${id}/replay`, { since })
    expect(all.json).toMatchObject({ data: { replayed: 2 } })
    const made = (await deliveries(id)).deliveries
    const event = made.find(({ eventType }) => eventType === 'call.status')
    expect(event).toMatchObject({ callId: w.callId, seq: 1, state: 'pending' })
    expect(made.map(({ eventType }) => eventType).toSorted()).toEqual(['alert', 'call.status'])

    // What is there already is sent under the same id, not twice.
    await finish(event?.id ?? '', 'dead')
    expect((await w.send('POST', `/${id}/replay`, { since, state: 'dead' })).json).toMatchObject({
      data: { replayed: 1 },
    })
    expect((await w.send('POST', `/${id}/replay`, { since })).json).toMatchObject({
      data: { replayed: 2 },
    })
    expect((await deliveries(id)).deliveries).toHaveLength(2)

    // By when the facts happened: nothing of it was before.
    const before = { since: '', until: since }
    before.since = new Date(Date.now() - 7_200_000).toISOString()
    expect((await w.send('POST', `/${id}/replay`, before)).json).toMatchObject({
      data: { replayed: 0 },
    })
  })

  it('of other tenants and other types are left alone', async () => {
    await fixturesOf(w.gw, w.gw.stranger.apiKey)
    const theirs = textAt(
      await w.send(
        'POST',
        '',
        { url: 'https://example.org', eventTypes: ['call.status'] },
        w.gw.stranger.apiKey,
      ),
      'webhook.id',
    )
    const id = await w.registered({ eventTypes: ['call.receipt'] })
    const since = anHourAgo()
    expect((await w.send('POST', `/${id}/replay`, { since })).json).toMatchObject({
      data: { replayed: 0 },
    })
    expect(codeOf(await w.send('POST', `/${theirs}/replay`, { since }))).toBe('404 not_found')
    const own = await w.send('POST', `/${theirs}/replay`, { since }, w.gw.stranger.apiKey)
    expect(own.json).toMatchObject({ data: { replayed: 1 } })
  })

  it('are not asked for in numbers that would flood whoever gets them', async () => {
    const id = await w.registered({ eventTypes: ['alert'] })
    const fill = (count: number) => w.sql`
      insert into tenant_alerts (tenant_id, id, code, severity, message)
      select ${w.gw.tenant.tenantId}, 'alt_' || lpad(n::text, 24, '0'), 'c', 'info', 'm'
      from generate_series(1, ${count}::int) n on conflict do nothing`
    await fill(MAX_REPLAYED + 1)
    const since = anHourAgo()
    const refused = await w.send('POST', `/${id}/replay`, { since })
    expect([codeOf(refused), refused.text]).toEqual([
      '400 validation_failed',
      expect.stringContaining('shorter span'),
    ])
    expect(await rowsOf(w.gw.databaseUrl, 'webhook_deliveries')).toEqual([])
    await w.sql`delete from tenant_alerts where id = ${`alt_${'1'.padStart(24, '0')}`}`
    for (const turn of [1, 2]) {
      const taken = await w.send('POST', `/${id}/replay`, { since })
      expect([turn, taken.json]).toMatchObject([turn, { data: { replayed: MAX_REPLAYED } }])
    }
  })

  it.each([
    [
      'a span that ends before it begins',
      { since: '2026-01-02T00:00:00Z', until: '2026-01-01T00:00:00Z' },
      'after since',
    ],
    [
      'a time before anything is kept',
      { since: new Date(Date.now() - 31 * 86_400_000).toISOString() },
      '30 days',
    ],
  ])('are refused for %s', async (_, body, sentence) => {
    const answer = await w.send('POST', `/${await w.registered()}/replay`, body)
    expect([codeOf(answer), answer.text]).toEqual([
      '400 validation_failed',
      expect.stringContaining(sentence),
    ])
  })

  it('are not asked for while the webhook is turned off', async () => {
    const id = await w.registered()
    await w.send('PATCH', `/${id}`, { status: 'disabled' })
    for (const [path, body] of [
      ['test', undefined],
      ['replay', { since: anHourAgo() }],
    ] as const) {
      const answer = await w.send('POST', `/${id}/${path}`, body)
      expect([codeOf(answer), answer.text]).toEqual([
        '409 conflict',
        expect.stringContaining('enable it first'),
      ])
    }
  })
})
