import { connectProvisioner } from '@callwire/db'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { changeRow, databaseText, rowsOf } from '../../testing/database-rows.ts'
import { fixturesOf, type Fixtures } from '../../testing/fixtures.ts'
import {
  gatewayUnderTest,
  masterKey,
  serviceKeys,
  textAt,
  type GatewayUnderTest,
} from '../../testing/gateway-under-test.ts'

let gw: GatewayUnderTest
let own: Fixtures
/** A caller who may not read numbers. */
let masked: string
beforeAll(async () => {
  gw = await gatewayUnderTest({ keys: serviceKeys(masterKey('k1'), masterKey('k2')) })
  own = await fixturesOf(gw, gw.tenant.apiKey)
  const scopes = ['never_call:read', 'never_call:write', 'calls:place', 'calls:read']
  const key = await ask('POST', '/api-keys', { name: 'without pii', scopes })
  masked = textAt(key, 'apiKey.secret')
})
afterAll(() => gw[Symbol.asyncDispose]())

const ask = (
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE',
  path: string,
  body?: object,
  token?: string,
) =>
  gw.send({
    method,
    url: `/api/v1${path}`,
    token: token ?? gw.tenant.apiKey,
    ...(body === undefined ? {} : { body }),
  })

const add = (number: string, o: { reason?: string; expiresAt?: string; token?: string } = {}) => {
  const { token, ...rest } = o
  return ask('POST', '/never-call', { number, reason: 'Asked not to be called', ...rest }, token)
}

let keys = 0
const place = (to: string, o: object = {}) =>
  gw.send({
    method: 'POST',
    url: '/api/v1/calls',
    token: gw.tenant.apiKey,
    headers: { 'idempotency-key': `never-${String((keys += 1))}` },
    body: { phoneId: own.phones, to, ...o },
  })

const listed = async (number: string) => {
  const { json } = await ask('GET', `/never-call?number=${encodeURIComponent(number)}`)
  return (json as { data: { neverCall: { id: string }[] } }).data.neverCall
}

const inAnHour = () => new Date(Date.now() + 3_600_000).toISOString()

describe('the list', () => {
  it('takes a number however it is written, and finds it so', async () => {
    const added = await ask('POST', '/never-call', {
      number: '098444 11111',
      country: 'IN',
      reason: 'On the national register',
    })
    expect([added.status, added.json]).toMatchObject([
      201,
      {
        data: {
          neverCall: {
            number: '+919844411111',
            reason: 'On the national register',
            expiresAt: null,
          },
        },
      },
    ])
    expect(await listed('+91 98444-11111')).toMatchObject([{ number: '+919844411111' }])
    const local = await ask('GET', '/never-call?number=9844411111&country=IN')
    expect(local.text).toContain('+919844411111')
    expect(await listed('+919844411112')).toEqual([])
  })

  it.each([
    [{ number: '9844411111' }, 'body.number'],
    [{ number: '12345', country: 'IN' }, 'body.number'],
    [{ number: '+919844411111', expiresAt: '2020-01-01T00:00:00Z' }, 'body.expiresAt'],
    [{ number: '+919844411111', reason: '' }, 'body.reason'],
  ])('refuses %j', async (body, path) => {
    const answer = await ask('POST', '/never-call', { reason: 'Asked', ...body })
    expect([answer.status, answer.json]).toMatchObject([
      400,
      { error: { code: 'validation_failed', details: { issues: [{ path }] } } },
    ])
  })

  it('holds a number once: another time replaces what is said of it', async () => {
    const first = await add('+919844422222')
    const expiresAt = inAnHour()
    const second = await add('+919844422222', { reason: 'For this month', expiresAt })
    expect([first.status, second.status]).toEqual([201, 200])
    expect(textAt(second, 'neverCall.id')).toBe(textAt(first, 'neverCall.id'))
    expect(await listed('+919844422222')).toMatchObject([{ reason: 'For this month', expiresAt }])
  })

  it('holds it once also when many add it at the same time', async () => {
    // Twenty at a time, each number by four: some of the four find nothing at the same moment.
    for (let round = 0; round < 5; round += 1) {
      const numbers = Array.from({ length: 20 }, (_, n) => `+9198444330${String(round)}${n % 5}`)
      const answers = await Promise.all(numbers.map((number) => add(number)))
      const count = (status: number) => answers.filter((answer) => answer.status === status).length
      expect([count(201), count(200)]).toEqual([5, 15])
    }
    expect(await listed('+919844433000')).toHaveLength(1)
  })

  it('shows numbers to few, and writes down each look', async () => {
    const answer = await add('+919844444444', { token: masked })
    expect(textAt(answer, 'neverCall.number')).toBe('+9198********')
    const looks = async () =>
      (await rowsOf(gw.databaseUrl, 'audit_log')).filter(
        ({ action, details }) =>
          action === 'pii.read' && (details as { field: string }).field === 'never_call',
      ).length
    const before = await looks()
    const hidden = await ask('GET', '/never-call', undefined, masked)
    expect(hidden.text).not.toContain('9844444444')
    expect(await looks()).toBe(before)
    expect((await ask('GET', '/never-call')).text).toContain('+919844444444')
    expect(await looks()).toBe(before + 1)
    await add('+919844444444', { reason: 'Call 9844444444 in writing only' })
    const shown = await ask('GET', '/never-call', undefined, masked)
    expect(shown.text).toContain('Call [phone] in writing only')
    expect(await databaseText(gw.databaseUrl)).not.toContain('9844444444')
    expect(gw.logs.text()).not.toContain('9844444444')
  })

  it('is each tenant’s own', async () => {
    await add('+919844455555')
    const others = await ask('GET', '/never-call', undefined, gw.stranger.apiKey)
    expect(others.json).toMatchObject({ data: { neverCall: [], nextCursor: null } })
  })

  it('goes on page by page, newest first', async () => {
    const seen: string[] = []
    let cursor = ''
    do {
      const { json } = await ask('GET', `/never-call?limit=2${cursor}`)
      const { data } = json as {
        data: { neverCall: { id: string }[]; nextCursor: string | null }
      }
      seen.push(...data.neverCall.map(({ id }) => id))
      cursor = data.nextCursor === null ? '' : `&cursor=${data.nextCursor}`
    } while (cursor !== '')
    const rows = await rowsOf(gw.databaseUrl, 'never_call')
    expect(seen).toEqual(
      rows
        .map(({ id }) => id as string)
        .sort()
        .reverse(),
    )
  })

  it('forgets what has expired', async () => {
    const id = textAt(await add('+919844466666', { expiresAt: inAnHour() }), 'neverCall.id')
    await changeRow(gw.databaseUrl, 'never_call', id, { expires_at: new Date(0) })
    expect(await listed('+919844466666')).toEqual([])
    expect((await place('+919844466666')).status).toBe(202)
    await add('+919844477777')
    const rows = await rowsOf(gw.databaseUrl, 'never_call')
    expect(rows.filter((row) => row['id'] === id)).toEqual([])
  })
})

describe('many numbers at once', () => {
  const importing = (numbers: string[], o: object = {}) =>
    ask('POST', '/never-call/import', { numbers, reason: 'National register', ...o })

  it('are added, or replaced where they were there, each once', async () => {
    const there = textAt(await add('+919877700000'), 'neverCall.id')
    const numbers = Array.from({ length: 500 }, (_, n) => `98777${String(n).padStart(5, '0')}`)
    const first = await importing(numbers, { country: 'IN' })
    expect([first.status, first.json]).toMatchObject([
      200,
      { data: { import: { added: 499, replaced: 1 } } },
    ])
    expect(await listed('+919877700000')).toMatchObject([
      { id: there, reason: 'National register' },
    ])
    expect((await place('+919877700499')).status).toBe(422)
    const again = await importing(['+919877700499', '+91 98777 00499'])
    expect(again.json).toMatchObject({ data: { import: { added: 0, replaced: 1 } } })
    const audit = (await rowsOf(gw.databaseUrl, 'audit_log')).filter(
      ({ action }) => action === 'never_call.imported',
    )
    expect(audit).toMatchObject([{ details: { added: 499, replaced: 1 } }, {}])
    expect(await databaseText(gw.databaseUrl)).not.toContain('9877700499')
  })

  it('are all refused when one is no number, which is named', async () => {
    const answer = await importing(['+919877711111', '12345', '+919877711112'])
    expect([answer.status, answer.text]).toEqual([
      400,
      expect.stringContaining('"path":"body.numbers.1"'),
    ])
    expect(await listed('+919877711111')).toEqual([])
    const tooMany = Array.from({ length: 501 }, (_, n) => `+9198777${String(20_000 + n)}`)
    expect((await importing(tooMany)).status).toBe(400)
    expect((await importing([])).status).toBe(400)
  })
})

describe('a call to somebody on the list', () => {
  it('is refused with a sentence, until the entry is removed; both are in the audit', async () => {
    const id = textAt(await add('+919855511111'), 'neverCall.id')
    const refused = await place('+919855511111')
    expect([refused.status, refused.json]).toMatchObject([
      422,
      {
        error: {
          code: 'never_call',
          message: expect.stringContaining('taken off') as string,
          details: { neverCallId: id, expiresAt: null },
        },
      },
    ])
    expect((await ask('DELETE', `/never-call/${id}`)).status).toBe(204)
    expect((await ask('DELETE', `/never-call/${id}`)).status).toBe(404)
    expect((await place('+919855511111')).status).toBe(202)
    const actions = (await rowsOf(gw.databaseUrl, 'audit_log'))
      .filter((row) => row['target_id'] === id)
      .map((row) => row['action'])
    expect(actions.sort()).toEqual(['never_call.added', 'never_call.removed'])
  })

  it('may be scheduled for when the entry has expired', async () => {
    await add('+919855522222', { expiresAt: inAnHour() })
    const later = new Date(Date.now() + 7_200_000).toISOString()
    expect((await place('+919855522222')).status).toBe(422)
    expect((await place('+919855522222', { scheduleAt: later })).status).toBe(202)
  })

  it('is refused outside the calling hours, and taken for when they begin', async () => {
    const day = 86_400_000
    const names = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']
    const opens = new Date(Math.ceil(Date.now() / day) * day + 2 * day)
    const hours = {
      windows: [{ days: [names[opens.getUTCDay()]], from: '00:00', to: '24:00' }],
      zone: 'UTC',
    }
    expect((await ask('PATCH', '/settings', { callingHours: hours })).status).toBe(200)
    const refused = await place('+919855533333')
    expect([refused.status, refused.json]).toMatchObject([
      422,
      {
        error: {
          code: 'outside_hours',
          message: expect.stringContaining('outside the calling hours') as string,
          details: { opensAt: opens.toISOString() },
        },
      },
    ])
    const early = new Date(opens.getTime() - 1).toISOString()
    expect((await place('+919855533333', { scheduleAt: early })).status).toBe(422)
    const scheduled = await place('+919855533333', { scheduleAt: opens.toISOString() })
    expect(scheduled.status).toBe(202)
    await ask('PATCH', '/settings', { callingHours: null })
  })
})

describe('while a key is being replaced', () => {
  it('an entry under the old key is found, and stays one', async () => {
    const provisioner = connectProvisioner({ url: gw.databaseUrl })
    await provisioner.setOperator(gw.tenant.tenantId)
    await provisioner.close()
    const id = textAt(await add('+919866611111'), 'neverCall.id')
    await ask('POST', '/keys/introduce', { kid: 'k2' })
    expect((await ask('POST', '/keys/promote', { kid: 'k2' })).status).toBe(200)
    const kidOf = async () =>
      (await rowsOf(gw.databaseUrl, 'never_call')).find((row) => row['id'] === id)?.['kid']
    expect(await kidOf()).toBe('k1')
    expect((await place('+919866611111')).status).toBe(422)
    // The gateway follows the promotion within its own time: each addition seals with what it holds.
    await vi.waitFor(
      async () => {
        const again = await add('+919866611111', { reason: 'Asked twice' })
        expect([again.status, textAt(again, 'neverCall.id')]).toEqual([200, id])
        expect(await kidOf()).toBe('k2')
      },
      { timeout: 20_000, interval: 100 },
    )
    expect(await listed('+919866611111')).toMatchObject([{ id, reason: 'Asked twice' }])
    expect((await place('+919866611111')).status).toBe(422)
  })
})
