import { connectProvisioner } from '@callwire/db'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { changeRow, rowsOf } from '../../testing/database-rows.ts'
import { fixturesOf, type Fixtures } from '../../testing/fixtures.ts'
import {
  gatewayUnderTest,
  textAt,
  type Answer,
  type GatewayUnderTest,
} from '../../testing/gateway-under-test.ts'

let gw: GatewayUnderTest
let own: Fixtures
beforeAll(async () => {
  gw = await gatewayUnderTest()
  own = await fixturesOf(gw, gw.tenant.apiKey)
  const provisioner = connectProvisioner({ url: gw.databaseUrl })
  await provisioner.setOperator(gw.tenant.tenantId)
  await provisioner.close()
})
afterAll(() => gw[Symbol.asyncDispose]())

const ask = (method: 'GET' | 'POST' | 'PATCH', path: string, body?: object, token?: string) =>
  gw.send({
    method,
    url: `/api/v1${path}`,
    token: token ?? gw.tenant.apiKey,
    ...(body === undefined ? {} : { body }),
  })

let persons = 0
async function newCall(set: Parameters<typeof changeRow>[3] = {}): Promise<string> {
  persons += 1
  const placed = await gw.send({
    method: 'POST',
    url: '/api/v1/calls',
    token: gw.tenant.apiKey,
    headers: { 'idempotency-key': `dialing-${String(persons)}` },
    body: { phoneId: own.phones, to: `+9198111${String(10_000 + persons)}` },
  })
  const id = textAt(placed, 'call.id')
  if (Object.keys(set).length > 0) await changeRow(gw.databaseUrl, 'calls', id, set)
  return id
}

async function rowOf(id: string): Promise<Record<string, unknown> | undefined> {
  return (await rowsOf(gw.databaseUrl, 'calls')).find((row) => row['id'] === id)
}

async function lastAudit(action: string): Promise<Record<string, unknown> | undefined> {
  return (await rowsOf(gw.databaseUrl, 'audit_log')).findLast((row) => row['action'] === action)
}

const settingsOf = ({ json }: Answer) => (json as { data: { settings: object } }).data.settings
const dialingOf = ({ json }: Answer) => (json as { data: { dialing: object } }).data.dialing

const tomorrow = () => new Date(Date.now() + 86_400_000)
const weekdayHours = { windows: [{ days: ['mon', 'fri'], from: '09:00', to: '24:00' }] }

describe('the rules of a tenant', () => {
  it('begin with nothing but an expiry of a day', async () => {
    expect(settingsOf(await ask('GET', '/settings'))).toEqual({
      dialingPaused: false,
      dialingPausedForAll: false,
      caps: { calls: null, callsPerPhone: null, callsPerAccount: null, streams: null },
      retentionDays: { audio: 0, recordings: null, words: null, numbers: null },
      callingHours: null,
      expireAfterMs: 86_400_000,
    })
  })

  it('change one by one, are taken away by null, and leave what they were in the audit', async () => {
    const before = (await rowsOf(gw.databaseUrl, 'audit_log')).length
    expect((await ask('PATCH', '/settings', {})).status).toBe(200)
    expect(await rowsOf(gw.databaseUrl, 'audit_log')).toHaveLength(before)
    await ask('PATCH', '/settings', { caps: { calls: 10, callsPerPhone: 2 }, expireAfterMs: null })
    await ask('PATCH', '/settings', { callingHours: { ...weekdayHours, zone: 'Asia/Kolkata' } })
    const changed = await ask('PATCH', '/settings', { caps: { callsPerPhone: null } })
    const expected = {
      caps: { calls: 10, callsPerPhone: null, callsPerAccount: null },
      callingHours: { ...weekdayHours, zone: 'Asia/Kolkata' },
      expireAfterMs: null,
      dialingPaused: false,
    }
    expect(settingsOf(changed)).toMatchObject(expected)
    expect(settingsOf(await ask('GET', '/settings'))).toMatchObject(expected)
    expect(await lastAudit('settings.changed')).toMatchObject({
      details: { 'caps.callsPerPhone': null },
    })
    const others = await ask('GET', '/settings', undefined, gw.stranger.apiKey)
    expect(settingsOf(others)).toMatchObject({ callingHours: null, caps: { calls: null } })
    await ask('PATCH', '/settings', { caps: { calls: null }, callingHours: null })
  })

  it('keep things for as long as they say, and tell the audit what a life was before', async () => {
    const lives = { audio: 2, words: 90, numbers: 365 }
    await ask('PATCH', '/settings', { retentionDays: lives, caps: { streams: 50 } })
    const changed = await ask('PATCH', '/settings', { retentionDays: { words: 30, numbers: null } })
    const expected = {
      retentionDays: { audio: 2, recordings: null, words: 30, numbers: null },
      caps: { calls: null, streams: 50 },
    }
    expect(settingsOf(changed)).toMatchObject(expected)
    expect(settingsOf(await ask('GET', '/settings'))).toMatchObject(expected)
    expect((await lastAudit('settings.changed'))?.['details']).toEqual({
      'retentionDays.words': 30,
      'retentionDays.words.was': 90,
      'retentionDays.numbers': null,
      'retentionDays.numbers.was': 365,
    })
    const gone = { audio: 0, recordings: null, words: null, numbers: null }
    const others = await ask('GET', '/settings', undefined, gw.stranger.apiKey)
    expect(settingsOf(others)).toMatchObject({ retentionDays: gone, caps: { streams: null } })
    await ask('PATCH', '/settings', { retentionDays: gone, caps: { streams: null } })
  })

  it.each([
    [{ caps: { streams: 0 } }, 'body.caps.streams'],
    [{ retentionDays: { words: 0 } }, 'body.retentionDays.words'],
    [{ retentionDays: { words: 3651 } }, 'body.retentionDays.words'],
    [{ retentionDays: { audio: 8 } }, 'body.retentionDays.audio'],
    [{ retentionDays: { audio: null } }, 'body.retentionDays.audio'],
    [{ retentionDays: { everything: 1 } }, 'body.retentionDays.everything'],
    [{ caps: { calls: 0 } }, 'body.caps.calls'],
    [{ caps: { calls: 1.5 } }, 'body.caps.calls'],
    [{ caps: { everything: 1 } }, 'body.caps.everything'],
    [{ expireAfterMs: 59_999 }, 'body.expireAfterMs'],
    [{ dialingPausedForAll: true }, 'body.dialingPausedForAll'],
    [{ callingHours: { windows: [] } }, 'body.callingHours.windows'],
    [{ callingHours: { ...weekdayHours, zone: 'Mars/Olympus' } }, 'body.callingHours.zone'],
    [
      { callingHours: { windows: [{ days: ['mon'], from: '21:00', to: '09:00' }] } },
      'body.callingHours.windows.0.to',
    ],
    [
      { callingHours: { windows: [{ days: ['mon'], from: '9:00', to: '21:00' }] } },
      'body.callingHours.windows.0.from',
    ],
  ])('refuse %j', async (body, path) => {
    const answer = await ask('PATCH', '/settings', body)
    expect([answer.status, answer.json]).toMatchObject([
      400,
      { error: { code: 'validation_failed' } },
    ])
    expect(answer.text).toContain(`"path":"${path}"`)
  })

  it('free the calls they held when they change, and no others', async () => {
    const dueAt = tomorrow()
    const held = { due_at: dueAt, reason_message: 'Held.' }
    const byHours = await newCall({ ...held, reason_code: 'outside_hours' })
    const byCap = await newCall({ ...held, reason_code: 'waiting_for_cap' })
    const scheduled = await newCall({ due_at: dueAt })
    const waits = async (id: string) => {
      const row = await rowOf(id)
      return [row?.['attempt'], (row?.['due_at'] as Date).getTime() === dueAt.getTime()]
    }
    await ask('PATCH', '/settings', { callingHours: null })
    expect([await waits(byHours), await waits(byCap)]).toEqual([
      [2, false],
      [1, true],
    ])
    await ask('PATCH', '/settings', { caps: { calls: null } })
    expect([await waits(byHours), await waits(byCap), await waits(scheduled)]).toEqual([
      [2, false],
      [2, false],
      [1, true],
    ])
  })
})

describe('how dialing stands', () => {
  it('is counted by what calls wait for', async () => {
    const waiting = async () =>
      (dialingOf(await ask('GET', '/dialing')) as { waiting: Record<string, number> }).waiting
    const before = await waiting()
    await newCall()
    await newCall({ due_at: tomorrow() })
    await newCall({ reason_code: 'waiting_for_budget', reason_message: 'About 12 s.' })
    const after = await waiting()
    const more = (code: string) => (after[code] ?? 0) - (before[code] ?? 0)
    expect(['due', 'scheduled', 'waiting_for_budget', 'paused'].map(more)).toEqual([1, 1, 1, 0])
  })

  it('shows since when the oldest call could have been dialed', async () => {
    const since = new Date('2026-01-05T10:00:00.000Z')
    const id = await newCall({ due_at: since })
    expect(dialingOf(await ask('GET', '/dialing'))).toMatchObject({
      oldestDueAt: since.toISOString(),
    })
    await ask('POST', `/calls/${id}/cancel`)
    expect(dialingOf(await ask('GET', '/dialing'))).not.toMatchObject({
      oldestDueAt: since.toISOString(),
    })
  })

  it('is paused and resumed for one tenant, which the audit tells', async () => {
    expect(dialingOf(await ask('POST', '/dialing/pause'))).toMatchObject({ paused: true })
    expect(await lastAudit('settings.changed')).toMatchObject({ details: { dialingPaused: true } })
    expect(settingsOf(await ask('GET', '/settings'))).toMatchObject({ dialingPaused: true })
    const others = await ask('GET', '/dialing', undefined, gw.stranger.apiKey)
    expect(dialingOf(others)).toMatchObject({ paused: false, pausedForAll: false })
    expect(dialingOf(await ask('POST', '/dialing/resume'))).toMatchObject({ paused: false })
  })
})

describe('the switch for everybody', () => {
  it('is not for a tenant that does not operate the install', async () => {
    for (const answer of [
      await ask('GET', '/install/dialing', undefined, gw.stranger.apiKey),
      await ask('PATCH', '/install/dialing', { paused: true }, gw.stranger.apiKey),
    ]) {
      expect([answer.status, answer.text]).toEqual([
        403,
        expect.stringContaining('only the tenant that operates it'),
      ])
    }
    expect(dialingOf(await ask('GET', '/install/dialing'))).toMatchObject({ paused: false })
  })

  it('is seen by all, with its reason, and calls are still taken', async () => {
    const paused = await ask('PATCH', '/install/dialing', { paused: true, reason: 'Maintenance' })
    expect(dialingOf(paused)).toMatchObject({ paused: true, reason: 'Maintenance' })
    expect(await lastAudit('install.dialing_paused')).toMatchObject({
      tenant_id: gw.tenant.tenantId,
      details: { reason: 'Maintenance' },
    })
    for (const token of [gw.tenant.apiKey, gw.stranger.apiKey]) {
      expect(dialingOf(await ask('GET', '/dialing', undefined, token))).toMatchObject({
        paused: false,
        pausedForAll: true,
        pausedReason: 'Maintenance',
      })
    }
    expect(settingsOf(await ask('GET', '/settings'))).toMatchObject({ dialingPausedForAll: true })
    await newCall()
    const resumed = await ask('PATCH', '/install/dialing', { paused: false })
    expect(dialingOf(resumed)).toMatchObject({ paused: false, reason: null })
    expect(await lastAudit('install.dialing_resumed')).toMatchObject({ details: {} })
    expect(dialingOf(await ask('GET', '/dialing'))).toMatchObject({
      pausedForAll: false,
      pausedReason: null,
    })
  })
})
