import type { Call } from '@callwire/contracts'
import { CallwireError } from '@callwire/sdk'
import { eventually } from '@callwire/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startConstellation, type Constellation } from './constellation.ts'
import { ofType } from './expected-words.ts'

let system: Constellation
let phoneId: string
beforeAll(async () => {
  system = await startConstellation({
    API_RATE_PER_MINUTE: '0',
    EXOTEL_REQUESTS_PER_MINUTE: '100000',
  })
  phoneId = await system.phoneWith({ name: 'Asha', kind: 'human', number: '+919811122233' })
  await system.simulator.ask('POST', '/simulator/scenario', { outcome: 'no-answer', ringMs: 50 })
})
afterAll(() => system[Symbol.asyncDispose]())

/** Long enough to place the calls of a race, also on a busy machine; late ones are due at once. */
const placingMs = 20_000

/** Does work number 0 to `most` - 1, so many at a time. */
async function inParallel(
  workers: number,
  most: number,
  work: (n: number) => Promise<void>,
): Promise<void> {
  let next = 0
  const worker = async () => {
    while (next < most) {
      const n = next
      next += 1
      await work(n)
    }
  }
  await Promise.all(Array.from({ length: workers }, worker))
}

let persons = 0
const nextPerson = () => `+9198333${String(10_000 + (persons += 1))}`

async function place(to = nextPerson()): Promise<string> {
  return (await system.client.calls.place({ phoneId, to })).call.id
}

/** The call once it stands as it should. */
async function stands(id: string, is: (call: Call) => boolean, what: string): Promise<Call> {
  return eventually(
    async () => {
      const { call } = await system.client.calls.get(id)
      return is(call) ? call : null
    },
    { boundMs: 60_000, what: `${id} being ${what}` },
  )
}

const ends = (id: string) =>
  stands(id, ({ status }) => status === 'no-answer' || status === 'failed', 'over')

/** How often Exotel placed each call, by its own account. */
async function placings(): Promise<Map<string, number>> {
  const counts = new Map<string, number>()
  for (const { customField } of await system.simulator.placed()) {
    counts.set(customField, (counts.get(customField) ?? 0) + 1)
  }
  return counts
}

/** The reasons a call's events give, in order. */
async function reasonsOf(id: string): Promise<(string | undefined)[]> {
  const { events } = await system.client.calls.events(id)
  return ofType(events, 'call.status').map(({ data }) => data.reason?.code)
}

test('of two hundred calls cancelled as they fall due, none that was cancelled is placed', async () => {
  const most = 200
  // All fall due at one moment, when all of them are there.
  const scheduleAt = new Date(Date.now() + placingMs).toISOString()
  const ids: string[] = []
  await inParallel(8, most, async () => {
    ids.push((await system.client.calls.place({ phoneId, to: nextPerson(), scheduleAt })).call.id)
  })
  const cancelled: string[] = []
  const tooLate: string[] = []
  const cancel = async (id: string) => {
    try {
      const { call } = await system.client.calls.cancel(id)
      expect(call).toMatchObject({ status: 'canceled', reason: { code: 'canceled' } })
      cancelled.push(id)
    } catch (error) {
      expect(error).toBeInstanceOf(CallwireError)
      expect(error).toMatchObject({ code: 'cannot_cancel', status: 409 })
      tooLate.push(id)
    }
  }
  // Ten at a time, whichever they are, as fast as the dialer is: it is ahead by what a quarter of them is.
  const inAnyOrder = ids.toSorted((one, other) => one.slice(-6).localeCompare(other.slice(-6)))
  for (let done = 0; done < most; done += 10) {
    const ahead = Math.min(done / 4, most - cancelled.length)
    await eventually(async () => (await placings()).size >= ahead, {
      boundMs: 60_000,
      what: `${String(ahead)} calls placed`,
    })
    await Promise.all(inAnyOrder.slice(done, done + 10).map(cancel))
  }
  // A race in which one side always wins would show nothing.
  expect([cancelled.length > 0, tooLate.length > 0]).toEqual([true, true])
  for (const id of tooLate) expect((await ends(id)).status).toBe('no-answer')
  const counts = await placings()
  expect(cancelled.filter((id) => counts.has(id))).toEqual([])
  expect(tooLate.filter((id) => counts.get(id) !== 1)).toEqual([])
  for (const id of cancelled) {
    const { call } = await system.client.calls.get(id)
    expect(call.status).toBe('canceled')
    expect(await reasonsOf(id)).toEqual([undefined, 'canceled'])
  }
})

test('paused, calls are taken, say that they wait for it, and go on afterwards', async () => {
  await system.cli('dialing', 'pause')
  const id = await place()
  await stands(id, ({ reason }) => reason?.code === 'paused', 'paused')
  expect(await system.cli('dialing', 'status')).toMatchObject({
    dialing: { paused: true, pausedForAll: false, waiting: { paused: 1 } },
  })
  expect((await placings()).has(id)).toBe(false)
  await system.cli('dialing', 'resume')
  expect((await ends(id)).status).toBe('no-answer')
  expect((await placings()).get(id)).toBe(1)
  expect((await reasonsOf(id)).slice(0, 2)).toEqual([undefined, 'paused'])
})

test('the operator pauses everybody, and everybody is told why', async () => {
  await system.cli('tenant', 'operator', system.tenant.tenantId)
  await system.cli('dialing', 'pause', '--everybody', '--reason', 'Carrier maintenance')
  const id = await place()
  const held = await stands(id, ({ reason }) => reason?.code === 'paused', 'paused')
  expect(held.reason?.message).toMatch(/everybody|operator|install/i)
  expect(await system.cli('dialing', 'status')).toMatchObject({
    dialing: { paused: false, pausedForAll: true, pausedReason: 'Carrier maintenance' },
  })
  await system.cli('dialing', 'resume', '--everybody')
  expect((await ends(id)).status).toBe('no-answer')
})

test('whoever is listed or asleep by the time of the dial is not called', async () => {
  await system.cli('dialing', 'pause')
  const listed = nextPerson()
  const [toListed, toAsleep] = [await place(listed), await place()]
  await system.cli('never-call', 'add', listed, '--reason', 'Asked')
  const hours = { windows: [{ days: [theDayAfterTomorrow()], from: '09:00', to: '21:00' }] }
  await system.client.settings.update({ callingHours: hours })
  await system.cli('dialing', 'resume')
  expect(await ends(toListed)).toMatchObject({
    status: 'failed',
    reason: { code: 'never_call' },
  })
  const asleep = await stands(
    toAsleep,
    ({ reason }) => reason?.code === 'outside_hours',
    'outside hours',
  )
  expect(asleep.reason?.message).toContain('Asia/Kolkata')
  const refused = await system.client.calls
    .place({ phoneId, to: nextPerson() })
    .catch((error: unknown) => error)
  expect(refused).toMatchObject({ code: 'outside_hours', status: 422 })
  // The rule is gone: what it held is dialed now, not the day after tomorrow.
  await system.cli('settings', 'set', '--hours', 'off')
  expect((await ends(toAsleep)).status).toBe('no-answer')
  expect((await placings()).has(toListed)).toBe(false)
})

function theDayAfterTomorrow() {
  const names = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const
  return names[(new Date().getUTCDay() + 2) % 7] ?? 'sun'
}
