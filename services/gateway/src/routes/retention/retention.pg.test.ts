import type { CallEvent } from '@callwire/contracts'
import { verifyChain } from '@callwire/ledger'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { changeRow, changeRows, insertRow, rowsOf } from '../../testing/database-rows.ts'
import { fixturesOf, type Fixtures } from '../../testing/fixtures.ts'
import {
  gatewayUnderTest,
  textAt,
  type GatewayUnderTest,
} from '../../testing/gateway-under-test.ts'

const dayMs = 86_400_000
const ago = (days: number) => new Date(Date.now() - days * dayMs - 60_000)

let gw: GatewayUnderTest
let own: Fixtures
beforeAll(async () => {
  gw = await gatewayUnderTest()
  own = await fixturesOf(gw, gw.tenant.apiKey)
})
afterAll(() => gw[Symbol.asyncDispose]())

const get = (path: string, token = gw.tenant.apiKey) =>
  gw.send({ method: 'GET', url: `/api/v1${path}`, token })
const place = (to: string, key: string) =>
  gw.send({
    method: 'POST',
    url: '/api/v1/calls',
    token: gw.tenant.apiKey,
    headers: { 'idempotency-key': key },
    body: { phoneId: own.phones, to, metadata: { name: 'Asha' } },
  })

/** A call that is over, with its receipt. */
async function endedCall(to: string, key: string): Promise<string> {
  const id = textAt(await place(to, key), 'call.id')
  await gw.send({ method: 'POST', url: `/api/v1/calls/${id}/cancel`, token: gw.tenant.apiKey })
  return id
}

/** As the sweeper leaves a call. */
async function eraseNumber(id: string, key: string): Promise<void> {
  await changeRow(gw.databaseUrl, 'calls', id, {
    ...{ person_sealed: null, person_index: null, person_masked: 'erased', metadata_sealed: null },
    number_erased_at: new Date(),
  })
  await changeRows(gw.databaseUrl, 'idempotency_keys', { key }, { fingerprint: 'erased' })
}

describe('a call whose number was erased', () => {
  it('says so to everybody, and is not found by the number', async () => {
    const to = '+919844400001'
    const id = await endedCall(to, 'erased-1')
    expect((await get(`/calls/${id}`)).text).toContain(to)
    expect((await get(`/calls?to=${encodeURIComponent(to)}`)).text).toContain(id)
    await eraseNumber(id, 'erased-1')
    const { call } = ((await get(`/calls/${id}`)).json as { data: { call: object } }).data
    expect(call).toMatchObject({ id, to: 'erased', status: 'canceled' })
    expect(call).not.toHaveProperty('metadata')
    expect((await get(`/calls?to=${encodeURIComponent(to)}`)).text).not.toContain(id)
    expect((await get('/calls')).text).toContain(id)
  })

  it('still answers for its idempotency key: nobody is called again', async () => {
    const id = await endedCall('+919844400002', 'erased-2')
    await eraseNumber(id, 'erased-2')
    const before = (await rowsOf(gw.databaseUrl, 'calls')).length
    const again = await place('+919844400002', 'erased-2')
    expect([again.status, textAt(again, 'call.id'), textAt(again, 'call.to')]).toEqual([
      202,
      id,
      'erased',
    ])
    expect(await rowsOf(gw.databaseUrl, 'calls')).toHaveLength(before)
  })
})

describe('a call whose words were erased', () => {
  it('keeps a ledger that proves itself, a receipt, and no utterance', async () => {
    const id = await endedCall('+919844400003', 'erased-3')
    const eventsOf = async () =>
      ((await get(`/calls/${id}/events?after=0`)).json as { data: { events: CallEvent[] } }).data
        .events
    const before = await eventsOf()
    const [, second] = before
    // Of the type that words have: an older chain would not hold, so its place is what is tried.
    await changeRow(gw.databaseUrl, 'call_events', second?.id ?? '', {
      ...{ data: null, salt: null, erased: true },
    })
    const after = await eventsOf()
    expect(after[1]).toEqual({
      ...{ id: second?.id, callId: id, seq: 2, type: second?.type, at: second?.at },
      ...{ hash: second?.hash, data: null, erased: true },
      commit: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
    })
    expect(verifyChain(id, after)).toEqual(verifyChain(id, before))
    expect((await get(`/calls/${id}/receipt`)).json).toMatchObject({
      data: { receipt: { events: 2 }, complete: true },
    })
    expect((await get(`/calls/${id}/transcript`)).json).toMatchObject({ data: { utterances: [] } })
  })
})

describe('how retention stands', () => {
  it('is what is past its life by the tenant’s own settings, and the last that went', async () => {
    const calm = {
      days: { audio: 0, recordings: null, words: null, numbers: null },
      due: { recordings: 0, words: 0, numbers: 0 },
      ...{ waitingForReceipt: 0, objectsToRemove: 0, lastSweep: null },
    }
    const retentionOf = async (token?: string) =>
      ((await get('/retention', token)).json as { data: { retention: object } }).data.retention
    expect(await retentionOf()).toEqual(calm)
    const ids = [
      await endedCall('+919844400004', 'due-1'),
      await endedCall('+919844400005', 'due-2'),
    ]
    const open = textAt(await place('+919844400006', 'due-3'), 'call.id')
    const [old = '', older = ''] = ids
    await changeRow(gw.databaseUrl, 'calls', old, { ended_at: ago(30) })
    await changeRow(gw.databaseUrl, 'calls', older, { ended_at: ago(31) })
    await changeRow(gw.databaseUrl, 'calls', open, { ended_at: ago(31), status: 'failed' })
    for (const [n, callId] of [old, older].entries()) {
      const id = `rec_${String(n).padStart(24, '0')}`
      const { tenantId } = gw.tenant
      await insertRow(gw.databaseUrl, 'recordings', {
        ...{ tenant_id: tenantId, id, call_id: callId, wrapped: 'cw1k.x' },
      })
      if (n === 0) {
        const erased = { wrapped: null, erased_at: new Date() }
        await changeRow(gw.databaseUrl, 'recordings', id, erased)
      }
    }
    const days = { audio: 2, recordings: 30, words: 31, numbers: 30 }
    const body = { retentionDays: days }
    const { tenantId, apiKey: token } = gw.tenant
    await gw.send({ method: 'PATCH', url: '/api/v1/settings', token, body })
    const swept = { recordings: 1, words: 2, numbers: 0 }
    const ends = { oldestEndedAt: ago(9).toISOString(), newestEndedAt: ago(8).toISOString() }
    for (const [n, words] of [1, 2].entries()) {
      await insertRow(gw.databaseUrl, 'audit_log', {
        ...{ tenant_id: tenantId, id: `aud_z${String(n).padStart(23, '0')}` },
        ...{ actor_kind: 'service', actor_id: 'dialer', action: 'retention.swept' },
        details: { ...swept, words, ...ends },
      })
    }
    expect(await retentionOf()).toEqual({
      days,
      due: { recordings: 1, words: 2, numbers: 3 },
      waitingForReceipt: 1,
      objectsToRemove: 1,
      lastSweep: { at: expect.any(String) as string, ...swept, ...ends },
    })
    expect(await retentionOf(gw.stranger.apiKey)).toEqual(calm)
  })
})
