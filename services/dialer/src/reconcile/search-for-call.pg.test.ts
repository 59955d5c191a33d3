import { agents } from '@callwire/db'
import { eventually } from '@callwire/testkit'
import { eq } from 'drizzle-orm'
import { describe, expect, test } from 'vitest'
import { startTestDialer } from '../test-support/dialer-under-test.ts'
import { dialerSuite } from '../test-support/suite.ts'
import { accountSid, agentNumber, personNumber } from '../test-support/tenant-world.ts'

const suite = dialerSuite()
const noPolls = { CALL_POLL_AFTER_MS: '60000' }
/** The first look finds the grace over. */
const atOnce = { ...noPolls, RECONCILE_GRACE_MS: '100' }
const stream = { kind: 'stream' } as const
const human = { kind: 'human', number: agentNumber } as const

const startDialer = (over: Record<string, string>) => startTestDialer(suite.environment(over))
const answerOf = (body: unknown, status = 200) => ({ status, body: JSON.stringify(body) })
const national = (number: string) => number.replace('+91', '0')
/** India's time, as Exotel writes it. */
const now = () =>
  new Date(Date.now() + 5.5 * 3_600_000).toISOString().slice(0, 19).replace('T', ' ')

/** A call on Exotel's list. */
const listed = (Sid: string, From: string, To: string | null = null) => ({
  ...{ Sid, From: national(From), To: To && national(To) },
  ...{ DateCreated: now(), Status: 'in-progress', Direction: 'outbound-api' },
})
const nextPage = { NextPageUri: `/v1/Accounts/${accountSid}/Calls.json?After=MTIz&PageSize=100` }
const v3 = (sid: string, custom_field: string | null) =>
  answerOf({ response: { call_details: { sid, state: 'active', custom_field } } })

/** An attempt that nobody knows the outcome of, made just now. */
const unknown = () => {
  const at = new Date()
  return { status: 'unknown', fence: 1, dialingAt: at, unknownAt: at, accountSid } as const
}

const decided = (callId: string) =>
  eventually(
    async () => {
      const call = await suite.world.call(callId)
      return call.status === 'unknown' && call.reasonCode !== 'needs_review' ? null : call
    },
    { boundMs: 20_000, what: 'a decision' },
  )
const parked = { status: 'unknown', reasonCode: 'needs_review', sid: null }

describe('a call that could be ours', () => {
  test.each([
    ['a fault', { status: 500 }],
    ['a request to slow down', { status: 429, headers: { 'retry-after': '0' } }],
    ['nothing', 'cut' as const],
  ])('is not taken for ours while its own id is answered by %s', async (_title, answer) => {
    const stranger = answerOf({ Calls: [listed('manual1', personNumber)] })
    for (let n = 0; n < 40; n += 1) suite.exotel.nextReads.push(stranger, answer)
    const phoneId = await suite.world.addPhone(suite.exotel.host, stream)
    const callId = await suite.world.addCall(phoneId, unknown())
    await using _dialer = await startDialer(atOnce)
    expect(await decided(callId)).toMatchObject(parked)
  })

  test.each([404, 403])('is taken for ours where nobody knows its id (%i)', async (status) => {
    suite.exotel.nextReads.push(answerOf({ Calls: [listed('ours1', personNumber)] }), { status })
    const phoneId = await suite.world.addPhone(suite.exotel.host, stream)
    const callId = await suite.world.addCall(phoneId, unknown())
    await using _dialer = await startDialer(atOnce)
    expect(await decided(callId)).toMatchObject({ status: 'ringing', sid: 'ours1' })
  })
})

describe('a list of several pages', () => {
  const others = () => Array.from({ length: 100 }, (_, n) => listed(`o${n}`, agentNumber, '+910'))

  test('is read to its end', async () => {
    const phoneId = await suite.world.addPhone(suite.exotel.host, human)
    const callId = await suite.world.addCall(phoneId, unknown())
    const ours = { Calls: [listed('ours1', agentNumber, personNumber)] }
    suite.exotel.nextReads.push(answerOf({ Metadata: nextPage, Calls: others() }))
    suite.exotel.nextReads.push(answerOf(ours), v3('ours1', callId))
    await using _dialer = await startDialer(atOnce)
    expect(await decided(callId)).toMatchObject({ status: 'ringing', sid: 'ours1' })
    const pages = suite.exotel.requests.filter(({ path }) => path.includes('/Calls.json?'))
    expect(pages.map(({ path }) => /[?&]After=MTIz/.test(path))).toEqual([false, true])
  })

  test.each([
    ['has no end', undefined],
    ['breaks off', { status: 500 }],
  ])('that %s does not say that a call was not placed', async (_title, second) => {
    const first = answerOf({ Metadata: nextPage, Calls: others() })
    for (let n = 0; n < 60; n += 1) suite.exotel.nextReads.push(first, second ?? first)
    const phoneId = await suite.world.addPhone(suite.exotel.host, human)
    const callId = await suite.world.addCall(phoneId, unknown())
    await using _dialer = await startDialer(atOnce)
    expect(await decided(callId)).toMatchObject(parked)
  })
})

describe('a phone whose account was replaced', () => {
  test('has nobody to ask about its earlier calls', async () => {
    const phoneId = await suite.world.addPhone(suite.exotel.host, stream)
    const elsewhere = { accountSid: 'elsewhere1' }
    const callId = await suite.world.addCall(phoneId, { ...unknown(), ...elsewhere })
    const heardAt = new Date(Date.now() - 300_000)
    const live = { status: 'ringing', sid: 's1', dialingAt: heardAt, heardAt } as const
    const liveId = await suite.world.addCall(phoneId, { ...live, ...elsewhere })
    await using _dialer = await startDialer({ RECONCILE_GRACE_MS: '100' })
    expect(await decided(callId)).toMatchObject(parked)
    await eventually(
      async () => (await suite.world.call(liveId)).heardAt?.getTime() !== heardAt.getTime(),
    )
    expect((await suite.world.call(liveId)).status).toBe('ringing')
    expect(suite.exotel.requests).toEqual([])
  })
})

describe('whom an attempt rang first', () => {
  test('is what it is searched by, whatever number its agent has by then', async () => {
    suite.exotel.next.push('place-and-cut')
    const phoneId = await suite.world.addPhone(suite.exotel.host, human)
    await using _dialer = await startDialer({
      ...{ ...noPolls, RECONCILE_AFTER_MS: '2000', RECONCILE_GRACE_MS: '6000' },
    })
    const callId = await suite.world.addCall(phoneId)
    const { agentId } = await suite.world.reaches(callId, 'unknown')
    await suite.world.withTenant((tx) =>
      tx
        .update(agents)
        .set({ number: '+919811122299', deletedAt: new Date() })
        .where(eq(agents.id, agentId ?? '')),
    )
    expect(await decided(callId)).toMatchObject({
      ...{ status: 'ringing', sid: suite.exotel.placed[0]?.sid, rangFirst: agentNumber },
    })
  })

  test('is the person where no agent has a number', async () => {
    const phoneId = await suite.world.addPhone(suite.exotel.host, stream)
    await using _dialer = await startDialer(noPolls)
    const callId = await suite.world.addCall(phoneId)
    expect((await suite.world.placed(callId)).rangFirst).toBe('')
  })

  test('is known of an older attempt only as long as its agent is there', async () => {
    const phoneId = await suite.world.addPhone(suite.exotel.host, human)
    const callId = await suite.world.addCall(phoneId, unknown())
    const { agentId } = await suite.world.call(callId)
    await suite.world.withTenant(async (tx) => {
      await tx
        .update(agents)
        .set({ deletedAt: new Date() })
        .where(eq(agents.id, agentId ?? ''))
    })
    await using _dialer = await startDialer(atOnce)
    expect(await decided(callId)).toMatchObject(parked)
    expect(suite.exotel.requests.some(({ path }) => path.includes('/Calls.json?'))).toBe(false)
  })
})
