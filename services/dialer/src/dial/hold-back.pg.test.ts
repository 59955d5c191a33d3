import { agents, install, phoneCredentials, phones, tenants } from '@callwire/db'
import { systemClock } from '@callwire/runtime'
import { eventually } from '@callwire/testkit'
import { eq, ne } from 'drizzle-orm'
import { describe, expect, test } from 'vitest'
import { startTestDialer } from '../test-support/dialer-under-test.ts'
import { dialerSuite } from '../test-support/suite.ts'
import { apiToken } from '../test-support/tenant-world.ts'
import { SEND_DEADLINE_MS } from './attempt-call.ts'

const suite = dialerSuite()
const { environment } = suite

describe('before the request', () => {
  const stream = { kind: 'stream' } as const

  test('credentials of another phone do not open: nothing is sent', async () => {
    const one = await suite.world.addPhone(suite.exotel.host, stream)
    const other = await suite.world.addPhone(suite.exotel.host, stream)
    const { encApiKey, encApiToken } = await suite.world.credentials(other)
    await suite.world.changeCredentials(one, { encApiKey, encApiToken })
    await using dialer = await startTestDialer(environment())
    const callId = await suite.world.addCall(one)
    expect(await suite.world.reaches(callId, 'failed')).toMatchObject({
      reasonCode: 'credential_integrity',
      reasonMessage: 'Invalid encrypted data format',
    })
    expect(suite.exotel.requests).toHaveLength(0)
    const events = await suite.world.events(callId)
    expect(events.find(({ type }) => type === 'alert')?.data).toMatchObject({
      code: 'credential_integrity',
      severity: 'page',
    })
    const [phone] = await suite.world.withTenant((tx) =>
      tx.select({ failures: phones.authFailures }).from(phones).where(eq(phones.id, one)),
    )
    expect(phone?.failures).toBe(0)
    expect(dialer.logs.text()).not.toContain(apiToken)
  })

  test('a call of a phone that was deleted fails, and is closed by a receipt', async () => {
    await using _dialer = await startTestDialer(environment())
    const phoneId = await suite.world.addPhone(suite.exotel.host, stream)
    await suite.world.withTenant(async (tx) => {
      await tx.delete(phoneCredentials).where(eq(phoneCredentials.phoneId, phoneId))
      await tx
        .update(phones)
        .set({ deletedAt: new Date(), agentId: null })
        .where(eq(phones.id, phoneId))
    })
    const callId = await suite.world.addCall(phoneId)
    expect(await suite.world.reaches(callId, 'failed')).toMatchObject({
      reasonCode: 'not_found',
      reasonMessage: 'The phone number of this call was removed',
    })
    expect((await suite.world.events(callId)).at(-1)?.type).toBe('call.receipt')
    expect(suite.exotel.connections).toBe(0)
  })

  test('a call whose own agent was deleted says so, though its phone has another', async () => {
    const phoneId = await suite.world.addPhone(suite.exotel.host, stream)
    const callId = await suite.world.addCall(phoneId)
    await suite.world.withTenant(async (tx) => {
      const { tenantId } = suite.world
      const agentId = suite.world.newId('agent')
      await tx.insert(agents).values({ tenantId, id: agentId, name: 'Another', ...stream })
      await tx.update(phones).set({ agentId }).where(eq(phones.id, phoneId))
      await tx.update(agents).set({ deletedAt: new Date() }).where(ne(agents.id, agentId))
    })
    await using _dialer = await startTestDialer(environment())
    expect(await suite.world.reaches(callId, 'failed')).toMatchObject({
      reasonCode: 'no_agent_assigned',
      reasonMessage: 'The agent this call was ordered for was deleted',
    })
    expect(suite.exotel.connections).toBe(0)
  })

  const tenantPause = (dialingPaused: boolean) =>
    suite.world.withTenant((tx) =>
      tx.update(tenants).set({ dialingPaused }).where(eq(tenants.tenantId, suite.world.tenantId)),
    )
  const operatorPause = (dialingPaused: boolean) =>
    suite.world.withTenant((tx) => {
      const set = { dialingPaused, pausedReason: dialingPaused ? 'Exotel is down' : null }
      return tx.insert(install).values(set).onConflictDoUpdate({ target: install.id, set })
    })

  test.each([
    ['a paused tenant', tenantPause, /^Dialing is paused for this tenant;/],
    ['everybody, paused by the operator,', operatorPause, /for everybody \(Exotel is down\);/],
  ])(
    '%s keeps calls queued, says so once, looks no further, and resumes',
    async (_, pause, said) => {
      await pause(true)
      await using dialer = await startTestDialer(environment())
      const callId = await suite.world.addCall(
        await suite.world.addPhone(suite.exotel.host, stream),
      )
      const { dueAt } = await suite.world.call(callId)
      await eventually(async () => (await suite.world.call(callId)).reasonCode === 'paused')
      const held = await suite.world.call(callId)
      expect(held.reasonMessage).toMatch(said)
      expect(held).toMatchObject({ status: 'queued', attempt: 2, dueAt })
      const due = await dialer.context.deps.database.finder.dueCalls(100)
      expect(due.map((call) => call.callId)).not.toContain(callId)
      await pause(false)
      await suite.world.placed(callId)
      expect(await suite.world.story(callId)).toEqual(['queued', 'queued paused', 'dialing'])
    },
  )

  test('calls beyond the budget wait, and say for what', async () => {
    await using _dialer = await startTestDialer(
      environment({ EXOTEL_REQUESTS_PER_MINUTE: '2', CALL_POLL_AFTER_MS: '60000' }),
    )
    const phoneId = await suite.world.addPhone(suite.exotel.host, stream)
    const ids = [await suite.world.addCall(phoneId), await suite.world.addCall(phoneId)]
    for (const id of ids) await suite.world.placed(id)
    const late = await suite.world.addCall(phoneId)
    await eventually(async () => (await suite.world.story(late)).length > 1)
    expect(await suite.world.story(late)).toEqual(['queued', 'queued waiting_for_budget'])
    expect((await suite.world.call(late)).reasonMessage).toMatch(/budget, about \d+ s/)
    expect(suite.exotel.dials()).toHaveLength(2)
  })

  test('a call that was canceled, or is not due, is not dialed', async () => {
    await using dialer = await startTestDialer(environment())
    const phoneId = await suite.world.addPhone(suite.exotel.host, stream)
    const canceled = await suite.world.addCall(phoneId, { status: 'canceled' })
    const later = await suite.world.addCall(phoneId, { dueAt: new Date(Date.now() + 3_600_000) })
    for (const callId of [canceled, later]) {
      const job = { tenantId: suite.world.tenantId, callId, attempt: 1 }
      await dialer.context.deps.queues.wakeDialer(job)
    }
    const now = await suite.world.addCall(phoneId)
    await suite.world.placed(now)
    expect((await suite.world.call(canceled)).status).toBe('canceled')
    expect((await suite.world.call(later)).status).toBe('queued')
    expect(suite.exotel.dials()).toHaveLength(1)
  })

  test('a dialer held up past its deadline sends nothing and tries again', async () => {
    let frozenMs = 0
    let freezes = 1
    const clock = { ...systemClock, monotonicMs: () => performance.now() + frozenMs }
    await using _dialer = await startTestDialer(environment(), (deps) => ({
      ...deps,
      clock,
      exotel: {
        ...deps.exotel,
        placeCall: (account, request, { beforeFirstByte }) =>
          deps.exotel.placeCall(account, request, {
            beforeFirstByte: () => {
              if (freezes-- > 0) frozenMs += SEND_DEADLINE_MS
              return beforeFirstByte()
            },
          }),
      },
    }))
    const callId = await suite.world.addCall(await suite.world.addPhone(suite.exotel.host, stream))
    await suite.world.placed(callId)
    expect(suite.exotel.dials()).toHaveLength(1)
    expect(await suite.world.story(callId)).toEqual([
      'queued',
      'dialing',
      'queued dialer_delayed',
      'dialing',
    ])
  })

  test('a dialer told to end right before the first byte sends nothing', async () => {
    let stop: () => void = () => undefined
    await using dialer = await startTestDialer(environment(), (deps) => ({
      ...deps,
      exotel: {
        ...deps.exotel,
        placeCall: (account, request, { beforeFirstByte }) =>
          deps.exotel.placeCall(account, request, {
            beforeFirstByte: () => {
              stop()
              return beforeFirstByte()
            },
          }),
      },
    }))
    stop = () => dialer.stop()
    const callId = await suite.world.addCall(await suite.world.addPhone(suite.exotel.host, stream))
    await eventually(async () => (await suite.world.call(callId)).attempt === 2)
    expect(await suite.world.story(callId)).toEqual(['queued', 'dialing', 'queued dialer_delayed'])
    expect(suite.exotel.requests).toHaveLength(0)
  })
})
