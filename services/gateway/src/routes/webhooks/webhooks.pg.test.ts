import { openCredential, parseOpenRing } from '@callwire/crypto'
import { sealContexts } from '@callwire/keyring'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { changeRow, databaseText, rowsOf } from '../../testing/database-rows.ts'
import { textAt } from '../../testing/gateway-under-test.ts'
import {
  codeOf,
  webhooksUnderTest,
  type WebhooksUnderTest,
} from '../../testing/webhooks-under-test.ts'
import { MAX_WEBHOOKS } from './create-webhook.ts'
import { MAX_LIVE_SECRETS } from './webhook-secrets.ts'

let w: WebhooksUnderTest
beforeAll(async () => {
  w = await webhooksUnderTest()
})
afterAll(() => w[Symbol.asyncDispose]())
beforeEach(() => w.empty())

/** What every secret of a webhook opens to, oldest first, and in how many hours it ends. */
async function secretsOf(id: string): Promise<[secret: string, hours: number | null][]> {
  const ring = parseOpenRing(w.gw.keys.WEBHOOK_OPEN_KEYS)
  const rows = await w.sql<{ id: string; sealed: string; hours: number | null }[]>`
    select id, sealed, extract(epoch from expires_at - now())::float8 / 3600 as hours
    from webhook_secrets where endpoint_id = ${id} order by id`
  return rows.map((row) => [
    openCredential(ring, sealContexts.webhookSecret(w.gw.tenant.tenantId, id, row.id), row.sealed),
    row.hours === null ? null : Math.round(row.hours),
  ])
}

describe('a webhook', () => {
  it('is registered, its secret shown once and sealed to the courier', async () => {
    const answer = await w.register({ eventTypes: ['alert', 'call.status', 'alert'] })
    const id = textAt(answer, 'webhook.id')
    const secret = textAt(answer, 'webhook.secret')
    expect([answer.status, answer.json]).toMatchObject([
      201,
      {
        data: {
          webhook: {
            url: 'https://example.com/hook',
            description: '',
            eventTypes: ['alert', 'call.status'],
            status: 'active',
            failingSince: null,
          },
        },
      },
    ])
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/)
    expect(await secretsOf(id)).toEqual([[secret, null]])
    const shown = [await w.send('GET', `/${id}`), await w.send('GET', '')]
    for (const { text } of shown) {
      expect(text).toContain(id)
      expect(text).not.toContain('secret')
    }
    expect(await databaseText(w.gw.databaseUrl)).not.toContain(secret.slice(6))
    expect(w.gw.logs.text()).not.toContain(secret.slice(6))
  })

  it('is changed, turned off and on, and deleted with its secrets', async () => {
    const id = await w.registered()
    const changed = await w.send('PATCH', `/${id}`, {
      url: 'http://127.0.0.1:9000/new',
      description: 'CRM',
      eventTypes: ['alert'],
      status: 'disabled',
    })
    expect(changed.json).toMatchObject({
      data: {
        webhook: {
          url: 'http://127.0.0.1:9000/new',
          description: 'CRM',
          eventTypes: ['alert'],
          status: 'disabled',
          disabledReason: 'person',
        },
      },
    })
    const before = await rowsOf(w.gw.databaseUrl, 'webhook_endpoints')
    await changeRow(w.gw.databaseUrl, 'webhook_endpoints', id, { failing_since: new Date(0) })
    const enabled = await w.send('POST', `/${id}/enable`)
    expect(enabled.json).toMatchObject({
      data: { webhook: { status: 'active', failingSince: null } },
    })
    expect(enabled.text).not.toContain('disabledReason')
    const [after] = await rowsOf(w.gw.databaseUrl, 'webhook_endpoints')
    for (const since of ['starts_at', 'scanned_to']) {
      expect((after?.[since] as Date) > (before[0]?.[since] as Date)).toBe(true)
    }
    await w.send('POST', `/${id}/test`)
    expect((await w.send('DELETE', `/${id}`)).status).toBe(204)
    expect(await rowsOf(w.gw.databaseUrl, 'webhook_secrets')).toEqual([])
    expect(await rowsOf(w.gw.databaseUrl, 'webhook_deliveries')).toMatchObject([{ state: 'dead' }])
    for (const [method, path] of [
      ['GET', `/${id}`],
      ['DELETE', `/${id}`],
      ['GET', `/${id}/deliveries`],
      ['POST', `/${id}/enable`],
    ] as const) {
      expect(codeOf(await w.send(method, path))).toBe('404 not_found')
    }
    expect((await w.send('GET', '')).json).toMatchObject({ data: { webhooks: [] } })
  })

  it('leaves a row in the audit for each of these, and none for what changes nothing', async () => {
    const id = await w.registered()
    await w.send('PATCH', `/${id}`, {
      url: 'https://example.com/hook',
      eventTypes: ['call.status'],
    })
    await w.send('PATCH', `/${id}`, { url: 'https://other.example/x?key=canary' })
    await w.send('POST', `/${id}/enable`)
    await w.send('POST', `/${id}/secret`)
    await w.send('DELETE', `/${id}`)
    const rows = await w.sql<{ action: string; details: object }[]>`
      select action, details from audit_log where target_id = ${id} order by id`
    expect([...rows]).toEqual([
      {
        action: 'webhook.created',
        details: { host: 'example.com', eventTypes: 'call.status' },
      },
      { action: 'webhook.changed', details: { fields: 'url', host: 'other.example' } },
      { action: 'webhook.secret_rotated', details: { overlapHours: 24 } },
      { action: 'webhook.deleted', details: {} },
    ])
  })

  it.each([
    ['http://example.com/', 'must begin with https://'],
    ['https://127.0.0.1/', 'public internet'],
    ['https://169.254.169.254/', 'public internet'],
    ['https://u:p@example.com/', 'user name or a password'],
    ['gopher://example.com/', 'must begin with https://'],
    ['nothing', 'must be an address'],
  ])('does not lead to %s, neither at first nor later', async (url, sentence) => {
    const id = await w.registered()
    for (const answer of [await w.register({ url }), await w.send('PATCH', `/${id}`, { url })]) {
      expect([codeOf(answer), answer.text]).toEqual([
        '400 validation_failed',
        expect.stringContaining(sentence),
      ])
      expect(answer.text).not.toContain(url)
    }
  })

  it('is one of so many at most, also when they are registered at once', async () => {
    const answers = await Promise.all(Array.from({ length: MAX_WEBHOOKS + 5 }, () => w.register()))
    const codes = answers.map(codeOf)
    expect(codes.filter((code) => code === '201 ')).toHaveLength(MAX_WEBHOOKS)
    expect(codes.filter((code) => code === '409 conflict')).toHaveLength(5)
    const taken = answers
      .filter(({ status }) => status === 201)
      .map((one) => textAt(one, 'webhook.id'))
    await w.send('DELETE', `/${taken[0] ?? ''}`)
    expect((await w.register()).status).toBe(201)
  })
})

describe("a webhook's secret", () => {
  it('is followed by another, beside which it is good for a day', async () => {
    const first = await w.register()
    const id = textAt(first, 'webhook.id')
    const second = await w.send('POST', `/${id}/secret`)
    expect(second.status).toBe(200)
    expect(await secretsOf(id)).toEqual([
      [textAt(first, 'webhook.secret'), 24],
      [textAt(second, 'webhook.secret'), null],
    ])
    await w.send('POST', `/${id}/secret?overlapHours=2`)
    const hours = (await secretsOf(id)).map(([, left]) => left)
    // The first one's time does not change for the better: it ends with the second.
    expect(hours).toEqual([2, 2, null])
    await w.send('POST', `/${id}/secret?overlapHours=72`)
    expect((await secretsOf(id)).map(([, left]) => left)).toEqual([2, 2, 72, null])
  })

  it('is not ended by an overlap that was left blank', async () => {
    const id = await w.registered()
    const refused = await w.send('POST', `/${id}/secret?overlapHours=`)
    expect(codeOf(refused)).toBe('400 validation_failed')
    expect((await secretsOf(id)).map(([, hours]) => hours)).toEqual([null])
  })

  it('is one of so many at most, until all former ones are ended', async () => {
    const id = await w.registered()
    for (let n = 1; n < MAX_LIVE_SECRETS; n += 1) {
      expect((await w.send('POST', `/${id}/secret`)).status).toBe(200)
    }
    const refused = await w.send('POST', `/${id}/secret`)
    expect([codeOf(refused), refused.text]).toEqual([
      '409 conflict',
      expect.stringMatching(/rotate again after 20\d\d-.*overlapHours=0/),
    ])
    expect(await secretsOf(id)).toHaveLength(MAX_LIVE_SECRETS)
    const last = await w.send('POST', `/${id}/secret?overlapHours=0`)
    expect(await secretsOf(id)).toEqual([[textAt(last, 'webhook.secret'), null]])
  })

  it('is one of a row each, however many ask at once', async () => {
    const id = await w.registered()
    const answers = await Promise.all(
      Array.from({ length: 6 }, () => w.send('POST', `/${id}/secret`)),
    )
    const given = answers.filter(({ status }) => status === 200)
    const secrets = await secretsOf(id)
    expect(given).toHaveLength(MAX_LIVE_SECRETS - 1)
    expect(secrets.filter(([, hours]) => hours === null)).toHaveLength(1)
    for (const answer of given) {
      expect(secrets.map(([secret]) => secret)).toContain(textAt(answer, 'webhook.secret'))
    }
  })
})
