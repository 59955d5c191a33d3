import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createBatches } from '@callwire/runtime'
import { mayBeOfOne, type Database, type DialToBegin, type SidToBind } from './index.ts'
import {
  batchBench,
  callOf,
  dialOf,
  hexOf,
  keyLifeMs,
  sidOf,
  type BatchBench,
} from './testing/batch-rows.ts'
import { idOf } from './testing/fill-tenant.ts'

let bench: BatchBench
let gateway: Database
let dialer: Database

beforeAll(async () => {
  bench = await batchBench()
  gateway = await bench.open('gateway')
  dialer = await bench.open('dialer')
})
afterAll(() => bench[Symbol.asyncDispose]())

const queued = (...of: readonly (readonly [tenant: number, call: number])[]) =>
  gateway.batch.placeCalls(
    of.map(([t, n]) => callOf(t, n)),
    keyLifeMs,
  )
const begun = async (...dials: DialToBegin[]) =>
  [...(await dialer.batch.beginDials(dials))].toSorted()
const bound = async (...sids: SidToBind[]) => [...(await dialer.batch.bindSids(sids))].toSorted()

/** All that the beginning of an attempt writes about a call. */
async function traceOf(dial: DialToBegin) {
  const [row] = await bench.owner`
    select c.status, c.fence, c.account_sid, c.rang_first, c.reason_code, c.dialing_at, c.ended_at,
      h.seq, h.hash, h.last_type,
      (select json_agg(json_build_array(e.seq, e.type, e.hash) order by e.seq)
        from call_events e where e.call_id = c.id) as events,
      (select json_agg(json_build_array(s.token_hash, s.phone_id))
        from stream_tokens s where s.call_id = c.id) as tokens,
      (select json_agg(json_build_array(a.tenant_id, a.action, a.target_id))
        from audit_log a where a.id = ${dial.audit_id}) as audit,
      (select json_agg(r.account_sid) from account_requests r where r.id = ${dial.request_id})
        as requests
    from calls c join call_heads h on h.call_id = c.id where c.id = ${dial.call_id}`
  return row
}

const whole = (dial: DialToBegin, firstHash: string) => ({
  status: 'dialing',
  fence: 1,
  account_sid: dial.account_sid,
  rang_first: dial.rang_first,
  reason_code: null,
  dialing_at: dial.at,
  ended_at: null,
  seq: 2,
  hash: dial.event_hash,
  last_type: 'call.status',
  events: [
    [1, 'call.status', firstHash],
    [2, 'call.status', dial.event_hash],
  ],
  tokens: dial.token_hash === null ? null : [[dial.token_hash, dial.phone_id]],
  audit: [[dial.tenant_id, 'credentials.open', dial.phone_id]],
  requests: [dial.account_sid],
})

describe('attempts', () => {
  test('each is begun with all that belongs to it, and a token only for audio of ours', async () => {
    await queued([1, 11], [2, 12])
    const [one, two] = [dialOf(1, 11), dialOf(2, 12, { token_hash: null, rang_first: '+9180' })]
    expect(await begun(one, two)).toEqual([one.call_id, two.call_id])
    expect(await traceOf(one)).toEqual(whole(one, hexOf(11)))
    expect(await traceOf(two)).toEqual(whole(two, hexOf(12)))
  })

  test('forgets why the attempt before it went back, and when', async () => {
    await queued([1, 15])
    await bench.owner`update calls set reason_code = 'busy', reason_message = 'm', ended_at = now()
      where id = ${idOf('cal', 15)}`
    const dial = dialOf(1, 15)
    expect(await begun(dial)).toEqual([dial.call_id])
    expect(await traceOf(dial)).toEqual(whole(dial, hexOf(15)))
  })

  test.each<[string, number, Partial<DialToBegin>, string]>([
    ['whose head has moved', 20, { event_seq: 3 }, ''],
    ['whose head is another', 30, { head_hash: hexOf(9_999) }, ''],
    ['that others have begun', 40, {}, `fence = 1`],
    ['with a fence to come', 50, { fence: 2 }, ''],
    ['that is canceled', 60, {}, `status = 'canceled'`],
    ['that is dialing', 70, {}, `status = 'dialing'`],
    ['of another tenant', 80, { tenant_id: idOf('ten', 3) }, ''],
  ])('one %s is left alone, and its neighbours are begun', async (_name, n, differs, change) => {
    await queued([1, n + 1], [2, n + 2], [3, n + 3])
    const [before, odd, behind] = [dialOf(1, n + 1), dialOf(2, n + 2, differs), dialOf(3, n + 3)]
    if (change !== '') {
      await bench.owner.unsafe(`update calls set ${change} where id = '${odd.call_id}'`)
    }
    const untouched = await traceOf(odd)
    expect(await begun(odd, before, behind)).toEqual([before.call_id, behind.call_id])
    expect(await traceOf(odd)).toEqual(untouched)
    expect(untouched).toMatchObject({ tokens: null, audit: null, requests: null, seq: 1 })
    expect(await traceOf(before)).toEqual(whole(before, hexOf(n + 1)))
    expect(await traceOf(behind)).toEqual(whole(behind, hexOf(n + 3)))
  })

  test('nothing is begun when one of them cannot be written', async () => {
    await queued([1, 91], [1, 92])
    const broken = begun(dialOf(1, 91), dialOf(1, 92, { event_salt: 'short' }))
    await expect(broken).rejects.toMatchObject({ code: 'invalid', constraint: 'call_events_hold' })
    expect(await traceOf(dialOf(1, 91))).toMatchObject({ status: 'queued', seq: 1, requests: null })
  })

  test('as many as a batch may hold are begun together', async () => {
    const of = Array.from({ length: 32 }, (_, i) => [1 + (i % 3), 200 + i] as const)
    await queued(...of)
    expect(await begun(...of.map(([t, n]) => dialOf(t, n)))).toHaveLength(32)
  })
})

describe('Sids', () => {
  const rowOf = async (n: number) => {
    const [row] = await bench.owner`select sid, dialed_at, heard_at from calls
      where id = ${idOf('cal', n)}`
    return row
  }
  const dialing = async (...of: readonly (readonly [tenant: number, call: number])[]) => {
    await queued(...of)
    await begun(...of.map(([t, n]) => dialOf(t, n)))
  }

  test('each is kept, and ends the refusals in a row of its phone alone', async () => {
    await dialing([1, 311], [2, 312])
    await bench.owner`update phones set auth_failures = 2`
    const [one, two] = [sidOf(1, 311), sidOf(2, 312)]
    expect(await bound(one, two)).toEqual([one.call_id, two.call_id])
    expect(await rowOf(311)).toEqual({ sid: one.sid, dialed_at: one.at, heard_at: one.at })
    const phones = await bench.owner`select auth_failures from phones order by id`
    expect(phones.map((phone) => phone['auth_failures'] as number)).toEqual([0, 0, 2])
  })

  test('what was dialed before stays so', async () => {
    await dialing([1, 315])
    await bench.owner`update calls set dialed_at = '2026-01-01' where id = ${idOf('cal', 315)}`
    await bound(sidOf(1, 315))
    expect(await rowOf(315)).toMatchObject({ dialed_at: new Date('2026-01-01') })
  })

  test.each<[string, number, Partial<SidToBind>, string]>([
    ['that has one', 320, {}, `sid = 'first'`],
    ['of an older fence', 330, { fence: 0 }, ''],
    ['that somebody else holds', 340, {}, 'fence = 2'],
    ['with the Sid of another', 350, { sid: 'sid-2' }, ''],
    ['of another tenant', 360, { tenant_id: idOf('ten', 3) }, ''],
  ])('one %s is left alone, and its neighbours are kept', async (_name, n, differs, change) => {
    await dialing([1, n + 1], [2, n + 2], [3, n + 3])
    const odd = sidOf(2, n + 2, differs)
    if (change !== '') {
      await bench.owner.unsafe(`update calls set ${change} where id = '${odd.call_id}'`)
    }
    await bench.owner`update phones set auth_failures = 2`
    const untouched = await rowOf(n + 2)
    const [before, behind] = [sidOf(1, n + 1), sidOf(3, n + 3)]
    expect(await bound(odd, before, behind)).toEqual([before.call_id, behind.call_id])
    expect(await rowOf(n + 2)).toEqual(untouched)
    expect(await rowOf(n + 1)).toMatchObject({ sid: before.sid })
    const phones = await bench.owner`select auth_failures from phones order by id`
    expect(phones.map((phone) => phone['auth_failures'] as number)).toEqual([0, 2, 0])
  })

  test('two tenants may have one Sid; of two calls of a tenant one alone keeps it', async () => {
    await dialing([1, 371], [2, 372], [1, 373])
    const sids = [[1, 371] as const, [2, 372] as const, [1, 373] as const].map(([t, n]) =>
      sidOf(t, n, { sid: 'same' }),
    )
    await expect(bound(...sids)).rejects.toMatchObject({
      code: 'conflict',
      constraint: 'calls_sid',
    })
    expect(await rowOf(372)).toMatchObject({ sid: null, heard_at: null })
    const batches = createBatches<SidToBind, boolean>({
      ...{ lanes: 1, waitMs: 10_000, most: 32, mostWaiting: 100 },
      mayRunAlone: mayBeOfOne,
      full: () => new Error('full'),
      run: async (items) => {
        const kept = await dialer.batch.bindSids(items)
        return items.map(({ call_id: id }) => kept.has(id))
      },
    })
    const ends = await Promise.allSettled(sids.map((sid) => batches.add(sid)))
    // A fault is told before its locks are gone: whoever met them was left out, and comes again.
    for (const [index, end] of ends.entries()) {
      const sid = sids[index]
      if (sid !== undefined && end.status === 'fulfilled' && !end.value) await bound(sid)
    }
    expect(await rowOf(372)).toMatchObject({ sid: 'same' })
    const holders = await bench.owner`select tenant_id from calls where sid = 'same' order by id`
    expect(holders).toHaveLength(2)
  })
})
