import { streamTokens, type CallToDialRow, type DialToBegin, type Reader } from '@callwire/db'
import { changeStatus, loadCall, verifyChain } from '@callwire/ledger'
import { eventually } from '@callwire/testkit'
import { expect, test } from 'vitest'
import type { DialerDeps } from '../deps.ts'
import { startTestDialer } from '../test-support/dialer-under-test.ts'
import { dialerSuite } from '../test-support/suite.ts'
import { accountSid } from '../test-support/tenant-world.ts'
import type { DialBatches } from './dial-batches.ts'

const suite = dialerSuite()
/** Nothing but the dial changes a call: no callback comes, and nobody asks. */
const environment = () => suite.environment({ CALL_POLL_AFTER_MS: '60000' })
const aCall = async () =>
  suite.world.addCall(await suite.world.addPhone(suite.exotel.host, { kind: 'stream' }))

type Row = CallToDialRow | null

/** Puts something between the dialer and its first look at a call of this tenant. */
function onFirstLook(change: (look: () => Promise<Row>) => Promise<Row>) {
  let times = 0
  return (deps: DialerDeps): DialerDeps => {
    const { reader } = deps.database
    const callToDial: Reader['callToDial'] = (call) => {
      const look = () => reader.callToDial(call)
      return call.tenantId === suite.world.tenantId && times++ === 0 ? change(look) : look()
    }
    return { ...deps, database: { ...deps.database, reader: { ...reader, callToDial } } }
  }
}

/** Changes what is written of a call of this tenant when its attempt begins, the first time. */
function onFirstBegin(change: Partial<DialToBegin>) {
  let times = 0
  return (deps: DialerDeps): DialerDeps => {
    const begin: DialBatches['begin'] = (dial, ...more) =>
      deps.dials.begin(times++ === 0 ? { ...dial, ...change } : dial, ...more)
    return { ...deps, dials: { ...deps.dials, begin } }
  }
}

test.each<[part: string, broken: Partial<DialToBegin>]>([
  ['event', { event_hash: 'no hash' }],
  ['token', { token_hash: 'no hash' }],
  ['audit', { audit_id: 'no id' }],
  ['request', { request_id: null as never }],
])('writes the attempt with all that belongs to it, or nothing: no %s', async (_, broken) => {
  await using dialer = await startTestDialer(environment(), onFirstBegin(broken))
  const callId = await aCall()
  expect(await suite.world.placed(callId)).toMatchObject({ accountSid, fence: 1 })
  expect(dialer.logs.text()).toContain('dial job failed')
  expect(await suite.world.story(callId)).toEqual(['queued', 'dialing'])
  expect(verifyChain(callId, await suite.world.events(callId))).toMatchObject({ ok: true })
  const { accountRequests } = dialer.context.deps.database
  expect(await accountRequests.recent(accountSid, 60_000)).toHaveLength(1)
  expect(await suite.world.audits()).toHaveLength(1)
  const tokens = await suite.world.withTenant((tx) =>
    tx.select({ id: streamTokens.id }).from(streamTokens),
  )
  expect(tokens).toHaveLength(1)
  expect(suite.exotel.dials()).toHaveLength(1)
})

test.each([
  ['the request that it had', 900, 1],
  ['another request, when that one is too old', 1_100, 2],
])(
  'a call that is not as it was looked at is decided again under its lock, with %s',
  async (_what, laterMs, times) => {
    let taken = 0
    let nowMs = 0
    const clocked = (deps: DialerDeps): DialerDeps => ({
      ...deps,
      clock: { ...deps.clock, monotonicMs: () => nowMs },
      dials: {
        ...deps.dials,
        begin: async (dial) => {
          const begun = await deps.dials.begin(dial)
          nowMs += laterMs
          return begun
        },
      },
    })
    const counting = (deps: DialerDeps): DialerDeps => ({
      ...deps,
      budget: { ...deps.budget, take: (...o) => (taken++, deps.budget.take(...o)) },
    })
    const stale = onFirstLook(async (look) => {
      const row = await look()
      return row && { ...row, call_fence: 7 }
    })
    await using dialer = await startTestDialer(environment(), (deps) =>
      clocked(counting(stale(deps))),
    )
    const callId = await aCall()
    expect(await suite.world.placed(callId)).toMatchObject({ accountSid, fence: 1 })
    expect(taken).toBe(times)
    expect(await suite.world.story(callId)).toEqual(['queued', 'dialing'])
    const events = await suite.world.events(callId)
    expect(verifyChain(callId, events)).toMatchObject({ ok: true })
    const { accountRequests } = dialer.context.deps.database
    expect(await accountRequests.recent(accountSid, 60_000)).toHaveLength(1)
    expect(suite.exotel.dials()).toHaveLength(1)
  },
)

test.each([
  ['its status', { status: 'canceled' }, 'canceled'],
  [
    'its head alone',
    { status: 'queued', exception: 'annotate', reason: { code: 'paused', message: 'News.' } },
    'queued paused',
  ],
] as const)('what changed %s since the look comes first', async (_what, change, told) => {
  const { world } = suite
  const callId = await aCall()
  const adjust = onFirstLook(async (look) => {
    const row = await look()
    await world.ledger.transact(world.tenantId, callId, async (w) => {
      const call = await loadCall(w.tx, callId)
      if (call !== null) await changeStatus(w, call, change)
    })
    return row
  })
  await using dialer = await startTestDialer(environment(), adjust)
  const dialed = change.status === 'queued'
  await eventually(async () => (await world.story(callId)).length === (dialed ? 3 : 2))
  if (dialed) await world.placed(callId)
  expect(await world.story(callId)).toEqual(['queued', told, ...(dialed ? ['dialing'] : [])])
  expect(verifyChain(callId, await world.events(callId))).toMatchObject({ ok: true })
  expect(suite.exotel.dials()).toHaveLength(dialed ? 1 : 0)
  expect(dialer.logs.text()).not.toContain('dial job failed')
})
