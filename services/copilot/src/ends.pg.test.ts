import { eventually } from '@callwire/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { connect } from './testing/consumer-socket.ts'
import { createFixture, type Fixture, type RunningCopilot } from './testing/fixture.ts'
import { openStubborn } from './testing/stubborn-consumer.ts'

let fixture: Fixture
let copilot: RunningCopilot
let tenantId: string
beforeAll(async () => {
  fixture = await createFixture()
  copilot = await fixture.start()
  tenantId = await fixture.tenant()
})
afterAll(() => fixture[Symbol.asyncDispose]())

const unauthenticated = { code: 4401, reason: 'unauthenticated' }

describe('a right that is taken away', () => {
  test('a revoked key closes its own sockets, with the reason said before', async () => {
    const [gone, stays] = [await fixture.key(tenantId), await fixture.key(tenantId)]
    const mine = await fixture.consumer(copilot, gone.token)
    const other = await fixture.consumer(copilot, stays.token)
    await fixture.revocations.announce({ tenantId, kind: 'key', id: gone.id })
    expect(await mine.closed).toEqual(unauthenticated)
    expect(mine.heard.at(-1)).toMatchObject({ type: 'error', code: 'unauthenticated' })
    expect(other.socket.readyState).toBe(other.socket.OPEN)
    other.socket.close()
  })

  test('an ended session, or a disabled user, closes all it opened, also by a ticket', async () => {
    const person = await fixture.person(tenantId)
    const colleague = await fixture.person(tenantId)
    const mine = await fixture.consumer(copilot, person.token)
    const theirs = await fixture.consumer(copilot, colleague.token)
    await fixture.revocations.announce({ tenantId, kind: 'session', id: person.sessionId })
    expect(await mine.closed).toEqual(unauthenticated)
    await fixture.revocations.announce({ tenantId, kind: 'user', id: colleague.userId })
    expect(await theirs.closed).toEqual(unauthenticated)
  })

  test('another tenant’s announcement closes nothing', async () => {
    const key = await fixture.key(tenantId)
    const consumer = await fixture.consumer(copilot, key.token)
    const other = await fixture.tenant()
    await fixture.revocations.announce({ tenantId: other, kind: 'key', id: key.id })
    const control = await fixture.key(tenantId)
    const closing = await fixture.consumer(copilot, control.token)
    await fixture.revocations.announce({ tenantId, kind: 'key', id: control.id })
    await closing.closed
    expect(consumer.socket.readyState).toBe(consumer.socket.OPEN)
    consumer.socket.close()
  })

  test('an announcement that was lost is made up for by asking Postgres', async () => {
    const other = await fixture.start({ limits: { recheckMs: 100 } })
    const key = await fixture.key(tenantId)
    const [person, leaver] = [await fixture.person(tenantId), await fixture.person(tenantId)]
    const byKey = await fixture.consumer(other, key.token)
    const bySession = await fixture.consumer(other, leaver.token)
    const stays = await fixture.consumer(other, person.token)
    await fixture.revokeKey(tenantId, key)
    await fixture.endSession(tenantId, leaver)
    expect(await byKey.closed).toEqual(unauthenticated)
    expect(await bySession.closed).toEqual(unauthenticated)
    expect(stays.socket.readyState).toBe(stays.socket.OPEN)
    await other[Symbol.asyncDispose]()
  })
})

describe('draining', () => {
  test('everyone is told when to come back, and closed 1012, also who is not known yet', async () => {
    const other = await fixture.start()
    const key = await fixture.key(tenantId)
    const known = await fixture.consumer(other, key.token)
    const anonymous = connect(other.url)
    await anonymous.refused
    const stop = other[Symbol.asyncDispose]()
    for (const consumer of [known, anonymous]) {
      expect((await consumer.closed).code).toBe(1012)
      const told = consumer.heard.at(-1)
      expect(told).toMatchObject({ type: 'draining' })
      expect(told?.['reconnectInMs']).toBeLessThanOrEqual(1_000)
    }
    await stop
    await expect(fetch(`${other.http}/healthz`)).rejects.toThrow()
  })

  test('who comes meanwhile is answered 503, and who does not leave is cut off', async () => {
    const other = await fixture.start({ limits: { drainMs: 3_000, destroyMs: 60_000 } })
    const key = await fixture.key(tenantId)
    const stubborn = await openStubborn(other.port, key.token)
    stubborn.stopReading()
    const stop = other[Symbol.asyncDispose]()
    expect((await connect(other.url).refused)?.status).toBe(503)
    await stop
    stubborn.readTheRest()
    expect(await stubborn.ended).toBe(1012)
  })

  test('whoever asks for an event stream meanwhile is answered 503, and readiness says why', async () => {
    const other = await fixture.start({ limits: { drainMs: 20_000, destroyMs: 60_000 } })
    const key = await fixture.key(tenantId)
    const stubborn = await openStubborn(other.port, key.token)
    stubborn.stopReading()
    const stop = other[Symbol.asyncDispose]()
    const callId = await fixture.call(tenantId)
    const late = await fetch(`${other.http}/v1/copilot/calls/${callId}/events`, {
      headers: { authorization: `Bearer ${key.token}` },
    })
    expect([late.status, await late.json()]).toMatchObject([
      503,
      { error: { code: 'unavailable' } },
    ])
    const ready = await fetch(`${other.http}/readyz`)
    expect([ready.status, await ready.json()]).toMatchObject([
      503,
      { checks: { accepting: 'draining', database: 'ok' } },
    ])
    stubborn.leave()
    await stop
  })

  test('a successor takes the ports over while the last consumers leave', async () => {
    const other = await fixture.start({ limits: { drainMs: 20_000, destroyMs: 60_000 } })
    const key = await fixture.key(tenantId)
    const stubborn = await openStubborn(other.port, key.token)
    stubborn.stopReading()
    const stop = other[Symbol.asyncDispose]()
    const { port, metricsPort } = other
    const successor = await fixture.start({ config: { port, metricsPort } })
    const moved = await fixture.consumer(successor, key.token)
    stubborn.leave()
    await stop
    expect(moved.socket.readyState).toBe(moved.socket.OPEN)
    // Each of its checks has half a second, which a busy machine may not give it at once.
    await eventually(async () => (await fetch(`${successor.http}/readyz`)).ok)
    moved.socket.close()
  })

  test('an event stream ends', async () => {
    const other = await fixture.start()
    const callId = await fixture.call(tenantId)
    const key = await fixture.key(tenantId)
    const response = await fetch(`${other.http}/v1/copilot/calls/${callId}/events`, {
      headers: { authorization: `Bearer ${key.token}` },
    })
    const stop = other[Symbol.asyncDispose]()
    // Its end is the end of an answer and not a broken connection.
    await response.text()
    await stop
  })
})

test('nothing is left in Redis or in the registry of whoever came and went', async () => {
  const other = await fixture.start()
  const key = await fixture.key(tenantId)
  const callId = await fixture.call(tenantId)
  const listeners = () => fixture.listeners(callId)
  for (let i = 0; i < 10; i += 1) {
    const consumer = await fixture.consumer(other, key.token)
    consumer.send({ type: 'subscribe', topic: `call:${callId}`, after: 0 })
    consumer.send({ type: 'subscribe', topic: 'calls' })
    if (i % 2 === 0) await consumer.next('snapshot')
    consumer.socket.terminate()
  }
  await eventually(async () => (await listeners()) === 0, { what: 'no subscription' })
  await eventually(async () => (await other.metric('consumers{known="true"}')) === 0)
  expect(await other.metric('consumers{known="false"}')).toBe(0)
  await other[Symbol.asyncDispose]()
})

test('no token is ever in a log', () => {
  expect(fixture.logs.text()).not.toMatch(/cw_|cwt_|eyJ/)
})
