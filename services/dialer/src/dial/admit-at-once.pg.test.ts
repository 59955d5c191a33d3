import { statement, type Ready } from '@callwire/db'
import { changeStatus, loadCall, verifyChain } from '@callwire/ledger'
import { eventually } from '@callwire/testkit'
import { sql } from 'drizzle-orm'
import { expect, test } from 'vitest'
import type { DialerDeps } from '../deps.ts'
import { startTestDialer } from '../test-support/dialer-under-test.ts'
import { dialerSuite } from '../test-support/suite.ts'
import { accountSid } from '../test-support/tenant-world.ts'

const suite = dialerSuite()
/** Nothing but the dial changes a call: no callback comes, and nobody asks. */
const environment = () => suite.environment({ CALL_POLL_AFTER_MS: '60000' })
const aCall = async () =>
  suite.world.addCall(await suite.world.addPhone(suite.exotel.host, { kind: 'stream' }))

type Rows = unknown[][]
type AtOnce = (tenantId: string, ...statements: Ready<unknown>[]) => Promise<Rows>

/** Puts something between the dialer and what it sends in one piece, the first time it sends `name`. */
function onFirst(name: string, change: (send: AtOnce, sent: Ready<unknown>[]) => Promise<Rows>) {
  let times = 0
  return (deps: DialerDeps): DialerDeps => {
    const send = deps.database.atOnce as unknown as AtOnce
    const atOnce: AtOnce = (tenantId, ...statements) =>
      tenantId === suite.world.tenantId && statements[0]?.name === name && times++ === 0
        ? change(send, statements)
        : send(tenantId, ...statements)
    return { ...deps, database: { ...deps.database, atOnce: atOnce as never } }
  }
}

const broken = statement<Record<string, never>, never>('broken', sql`select 'x'::integer`)

test('writes the attempt with all that belongs to it, or nothing', async () => {
  const adjust = onFirst('begin_dial_at_once', (send, sent) =>
    send(suite.world.tenantId, ...sent, broken.with({})),
  )
  await using dialer = await startTestDialer(environment(), adjust)
  const callId = await aCall()
  expect(await suite.world.placed(callId)).toMatchObject({ accountSid, fence: 1 })
  expect(dialer.logs.text()).toContain('dial job failed')
  expect(await suite.world.story(callId)).toEqual(['queued', 'dialing'])
  const { accountRequests } = dialer.context.deps.database
  expect(await accountRequests.recent(accountSid, 60_000)).toHaveLength(1)
  expect(await suite.world.audits()).toHaveLength(1)
  expect(suite.exotel.dials()).toHaveLength(1)
})

test('a call that is not as it was looked at is decided again under its lock, with one request', async () => {
  const { tenantId } = suite.world
  let taken = 0
  const counting = (deps: DialerDeps): DialerDeps => ({
    ...deps,
    budget: { ...deps.budget, take: (...o) => (taken++, deps.budget.take(...o)) },
  })
  const stale = onFirst('look_at_call', async (send, sent) => {
    const [[row] = []] = await send(tenantId, ...sent)
    return [[{ ...(row as object), call_fence: 7 }]]
  })
  await using dialer = await startTestDialer(environment(), (deps) => counting(stale(deps)))
  const callId = await aCall()
  expect(await suite.world.placed(callId)).toMatchObject({ accountSid, fence: 1 })
  expect(taken).toBe(1)
  expect(await suite.world.story(callId)).toEqual(['queued', 'dialing'])
  const events = await suite.world.events(callId)
  expect(verifyChain(callId, events)).toMatchObject({ ok: true })
  const { accountRequests } = dialer.context.deps.database
  expect(await accountRequests.recent(accountSid, 60_000)).toHaveLength(1)
  expect(suite.exotel.dials()).toHaveLength(1)
})

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
  const adjust = onFirst('look_at_call', async (send, sent) => {
    const rows = await send(world.tenantId, ...sent)
    await world.ledger.transact(world.tenantId, callId, async (w) => {
      const call = await loadCall(w.tx, callId)
      if (call !== null) await changeStatus(w, call, change)
    })
    return rows
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
