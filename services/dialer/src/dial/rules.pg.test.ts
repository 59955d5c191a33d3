import { calls, neverCall, tenants } from '@callwire/db'
import { parseContentRing, sealContent, type ContentRing } from '@callwire/crypto'
import { personIndex, sealContexts } from '@callwire/keyring'
import { changeStatus, loadCall, verifyChain } from '@callwire/ledger'
import { maskPhoneNumber } from '@callwire/masking'
import { eventually } from '@callwire/testkit'
import { eq } from 'drizzle-orm'
import { describe, expect, test } from 'vitest'
import { startTestDialer } from '../test-support/dialer-under-test.ts'
import { contentRing, keysOf } from '../test-support/keys.ts'
import { dialerSuite } from '../test-support/suite.ts'
import {
  accountSid,
  personNumber,
  tenantWorld,
  type TenantWorld,
} from '../test-support/tenant-world.ts'

const suite = dialerSuite()
/** Nothing but the dial changes a call: no callback comes, and nobody asks. */
const environment = (over: Record<string, string> = {}) =>
  suite.environment({ CALL_POLL_AFTER_MS: '60000', ...over })
const aPhone = (world = suite.world) => world.addPhone(suite.exotel.host, { kind: 'stream' })

const setRules = (set: Partial<typeof tenants.$inferInsert>, world = suite.world) =>
  world.withTenant((tx) => tx.update(tenants).set(set).where(eq(tenants.tenantId, world.tenantId)))

const end = (callId: string, world: TenantWorld = suite.world) =>
  world.ledger.transact(world.tenantId, callId, async (w) => {
    const call = await loadCall(w.tx, callId)
    if (call !== null) await changeStatus(w, call, { status: 'completed' })
  })

describe('the never-call list', () => {
  const list = (ring: ContentRing, over: Partial<typeof neverCall.$inferInsert> = {}) =>
    suite.world.withTenant(async (tx) => {
      const { tenantId } = suite.world
      const id = suite.world.newId('neverCall')
      const [index = ''] = personIndex(ring, tenantId, personNumber)
      await tx.insert(neverCall).values({
        ...{ tenantId, id },
        personSealed: sealContent(ring, sealContexts.neverCall(tenantId, id), personNumber),
        personMasked: maskPhoneNumber(personNumber),
        personIndex: index,
        reason: 'asked not to be called',
        createdBy: 'test',
        ...over,
      })
    })
  const refused = {
    reasonCode: 'never_call',
    reasonMessage: 'The person is on the never-call list; nothing was dialed.',
  }

  test('fails a call to somebody who was put on it while the call waited', async () => {
    const callId = await suite.world.addCall(await aPhone())
    await list(contentRing)
    await using _dialer = await startTestDialer(environment())
    expect(await suite.world.reaches(callId, 'failed')).toMatchObject(refused)
    expect((await suite.world.events(callId)).at(-1)?.type).toBe('call.receipt')
    expect(suite.exotel.requests).toHaveLength(0)
  })

  test('is read under every key that the ring holds', async () => {
    const both = keysOf(['k1', 7], ['k2', 9]).CONTENT_KEYS
    const newer = parseContentRing(keysOf(['k2', 9]).CONTENT_KEYS)
    const callId = await suite.world.addCall(await aPhone())
    await list(newer)
    await using _dialer = await startTestDialer(environment({ CONTENT_KEYS: both }))
    expect(await suite.world.reaches(callId, 'failed')).toMatchObject(refused)
    expect(suite.exotel.requests).toHaveLength(0)
    // The next dialer has not that key.
    await suite.world.withTenant((tx) => tx.delete(neverCall))
  })

  test('lets calls pass after its time, and those to others', async () => {
    await list(contentRing, { expiresAt: new Date(Date.now() - 1_000) })
    await list(contentRing, { personIndex: 'k1.somebody-else' })
    await using _dialer = await startTestDialer(environment())
    await suite.world.placed(await suite.world.addCall(await aPhone()))
  })
})

describe('calling hours', () => {
  const allWeek = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const
  /** A window of one minute, half a day away from now. */
  const elsewhen = () => {
    const hour = (new Date().getUTCHours() + 12) % 24
    const text = String(hour).padStart(2, '0')
    return {
      windows: [{ days: [...allWeek], from: `${text}:00`, to: `${text}:01` }],
      zone: 'UTC',
    }
  }

  test('hold a call until they begin, with a sentence, and look again in case they change', async () => {
    await setRules({ callingHours: elsewhen() })
    await using _dialer = await startTestDialer(environment())
    const callId = await suite.world.addCall(await aPhone())
    await eventually(async () => (await suite.world.call(callId)).reasonCode !== null)
    const held = await suite.world.call(callId)
    expect(held).toMatchObject({ status: 'queued', reasonCode: 'outside_hours', attempt: 2 })
    expect(held.reasonMessage).not.toBe('')
    expect(held.dueAt.getTime() - Date.now()).toBeLessThanOrEqual(15 * 60_000)
    expect(held.dueAt.getTime()).toBeGreaterThan(Date.now() + 60_000)

    await setRules({
      callingHours: { windows: [{ days: [...allWeek], from: '00:00', to: '24:00' }], zone: 'UTC' },
    })
    await suite.world.withTenant((tx) =>
      tx.update(calls).set({ dueAt: new Date() }).where(eq(calls.id, callId)),
    )
    await suite.world.placed(callId)
    expect(await suite.world.story(callId)).toEqual(['queued', 'queued outside_hours', 'dialing'])
  })

  test('that name no zone this machine knows hold a call, and say so', async () => {
    await setRules({ callingHours: { ...elsewhen(), zone: 'Mars/Olympus' } })
    await using _dialer = await startTestDialer(environment())
    const callId = await suite.world.addCall(await aPhone())
    await eventually(async () => (await suite.world.call(callId)).reasonCode !== null)
    expect((await suite.world.call(callId)).reasonMessage).toMatch(/time zone that is not known/)
  })
})

test('a call that waited too long fails at the dial, paused or not', async () => {
  await setRules({ expireAfterMs: 60_000, dialingPaused: true })
  await using _dialer = await startTestDialer(environment())
  const callId = await suite.world.addCall(await aPhone(), {
    createdAt: new Date(Date.now() - 120_000),
  })
  expect(await suite.world.reaches(callId, 'failed')).toMatchObject({
    reasonCode: 'expired',
    reasonMessage: 'Given up: not dialed within 1 minute of the time it was wanted.',
  })
  expect(suite.exotel.requests).toHaveLength(0)
})

describe('caps', () => {
  test('of a phone number hold what is over them, say so, and let the next one go', async () => {
    await setRules({ capPhone: 1 })
    await using _dialer = await startTestDialer(environment())
    const phoneId = await aPhone()
    const first = await suite.world.addCall(phoneId)
    await suite.world.placed(first)
    const second = await suite.world.addCall(phoneId)
    await eventually(async () => (await suite.world.call(second)).reasonCode !== null)
    expect(await suite.world.call(second)).toMatchObject({
      status: 'queued',
      reasonCode: 'waiting_for_cap',
      reasonMessage: 'Waiting: 1 of 1 call of this phone number is under way.',
    })
    await suite.world.placed(await suite.world.addCall(await aPhone()))
    await end(first)
    await suite.world.placed(second)
    expect(await suite.world.story(second)).toEqual(['queued', 'queued waiting_for_cap', 'dialing'])
  })

  test('of a tenant are not passed by many calls at once, of many phones', async () => {
    await setRules({ capTenant: 3, capPhone: 2, capAccount: 9 })
    const phones = await Promise.all([aPhone(), aPhone(), aPhone()])
    const ids: string[] = []
    for (let i = 0; i < 24; i += 1) ids.push(await suite.world.addCall(phones[i % 3] ?? ''))
    await using _dialer = await startTestDialer(environment())
    const waiting = async () => {
      const rows = await Promise.all(ids.map((id) => suite.world.call(id)))
      return rows.filter((call) => call.reasonCode === 'waiting_for_cap').length
    }
    await eventually(async () => (await waiting()) === 21, { boundMs: 20_000 })
    expect(suite.exotel.placed).toHaveLength(3)
  })

  test('of an account count the calls of every tenant on it', async () => {
    await using other = await tenantWorld(suite.database)
    await using dialer = await startTestDialer(environment())
    const most = (await dialer.context.deps.database.finder.accountLiveCalls(accountSid)) + 1
    await setRules({ capAccount: most })
    const theirs = await other.addCall(await aPhone(other))
    await other.placed(theirs)
    const mine = await suite.world.addCall(await aPhone())
    await eventually(async () => (await suite.world.call(mine)).reasonCode !== null)
    expect((await suite.world.call(mine)).reasonMessage).toMatch(
      new RegExp(`^Waiting: ${most} of ${most} calls? of this Exotel account (is|are) under way`),
    )
    await end(theirs, other)
    await suite.world.placed(mine)
  })

  test('do not count what waits for a person', async () => {
    await setRules({ capTenant: 1 })
    await using _dialer = await startTestDialer(environment())
    const phoneId = await aPhone()
    const parked = { status: 'unknown', reasonCode: 'needs_review', unknownAt: new Date() } as const
    await suite.world.addCall(phoneId, parked)
    await suite.world.placed(await suite.world.addCall(phoneId))
  })
})

describe('the account', () => {
  /** Places are counted under the call's lock. */
  const lockTaking = { capTenant: 50 }

  test('is written down with the request, and with the attempt or not at all', async () => {
    let faults = 1
    await setRules(lockTaking)
    await using dialer = await startTestDialer(environment(), (deps) => ({
      ...deps,
      ledger: {
        ...deps.ledger,
        transactSeen: (tenantId, callId, look, work) =>
          deps.ledger.transactSeen(tenantId, callId, look, async (w, seen) => {
            const attempt = await work(w, seen)
            if (tenantId === suite.world.tenantId && faults-- > 0)
              throw new Error('gone before the commit')
            return attempt
          }),
      },
    }))
    const call = await suite.world.placed(await suite.world.addCall(await aPhone()))
    expect(call).toMatchObject({ accountSid, fence: 1 })
    expect(dialer.logs.text()).toContain('dial job failed')
    const { accountRequests } = dialer.context.deps.database
    expect(await accountRequests.recent(accountSid, 60_000)).toHaveLength(1)
    expect(await suite.world.audits()).toHaveLength(1)
    expect(suite.exotel.dials()).toHaveLength(1)
  })

  test('is not asked where the compare-and-swap finds another row than was looked at', async () => {
    let stale = 1
    await setRules(lockTaking)
    await using dialer = await startTestDialer(environment(), (deps) => ({
      ...deps,
      ledger: {
        ...deps.ledger,
        transactSeen: (tenantId, callId, look, work) =>
          deps.ledger.transactSeen(tenantId, callId, look, (w, seen) => {
            const view = seen as { call: { fence: number } }
            if (tenantId === suite.world.tenantId && stale-- > 0) view.call.fence += 1
            return work(w, seen)
          }),
      },
    }))
    const callId = await suite.world.addCall(await aPhone())
    await suite.world.placed(callId)
    expect(dialer.logs.text()).toContain('dial job failed')
    expect(await suite.world.story(callId)).toEqual(['queued', 'dialing'])
    expect(verifyChain(callId, await suite.world.events(callId))).toMatchObject({ ok: true })
    expect(await suite.world.audits()).toHaveLength(1)
    expect(suite.exotel.dials()).toHaveLength(1)
  })

  test('that answers 429 is left alone by every call on it', async () => {
    suite.exotel.next.push({ status: 429, headers: { 'retry-after': '8' } })
    await using _dialer = await startTestDialer(environment())
    const first = await suite.world.addCall(await aPhone())
    await eventually(async () => (await suite.world.call(first)).attempt === 2)
    const second = await suite.world.addCall(await aPhone())
    await eventually(async () => (await suite.world.call(second)).attempt === 2)
    expect(await suite.world.call(second)).toMatchObject({
      reasonCode: 'waiting_for_budget',
      reasonMessage: expect.stringMatching(/^Exotel asked the account to slow down, for/) as string,
    })
    expect(suite.exotel.dials()).toHaveLength(1)
    await Promise.all([first, second].map((id) => suite.world.placed(id)))
    expect(suite.exotel.dials()).toHaveLength(3)
  })
})
