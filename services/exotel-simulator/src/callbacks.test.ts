import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Received, startWorld, until, type World } from './testing/world.ts'
import { parseForm } from './wire/form.ts'

let world: World
beforeAll(async () => {
  world = await startWorld()
})
afterAll(() => world.close())
beforeEach(() => world.send('DELETE', '/simulator/faults'))

const EVENTS = { 'StatusCallbackEvents[0]': 'terminal', 'StatusCallbackEvents[1]': 'answered' }
let next = 0

function fieldsOf(received: Received): Record<string, string> {
  const form = parseForm(received.contentType, Buffer.from(received.body))
  return form.kind === 'form' ? Object.fromEntries(form.fields) : {}
}

/** Places a call that reports to a path of its own; `came` is what arrived there. */
async function place(extra: Record<string, string> = {}, fault?: Record<string, unknown>) {
  next += 1
  const path = `/status/${next}`
  if (fault) await world.control('faults', fault)
  const reply = await world.connect(
    world.streamFields({
      StatusCallback: world.sink.http + path,
      CustomField: 'cal_1',
      ...EVENTS,
      ...extra,
    }),
  )
  const sid = world.sidOf(reply)
  const came = () => world.sink.received.filter((one) => one.path === path)
  const statuses = () => came().map((one) => fieldsOf(one)['Status'])
  const ended = () => until(() => world.simulator.exchange.get(sid)?.endedAtMs)
  const noted = () => world.send('GET', `/simulator/log?kind=callback&callSid=${sid}`)
  return { sid, came, statuses, ended, noted }
}

describe('forms of the body', () => {
  it('is multipart with both events when they are asked for', async () => {
    const call = await place()
    const [answered, terminal] = await until(() => call.came().length === 2 && call.came())
    expect(answered?.contentType).toMatch(/^multipart\/form-data; boundary=/)
    expect(fieldsOf(answered ?? expect.unreachable())).toMatchObject({
      ...{ CallSid: call.sid, EventType: 'answered', Status: 'in-progress' },
    })
    expect(fieldsOf(terminal ?? expect.unreachable())).toMatchObject({
      ...{ CallSid: call.sid, EventType: 'terminal', Status: 'completed', CustomField: 'cal_1' },
      'Legs[0][Status]': 'completed',
    })
  })
  it('has three parts, at the end alone, when none are', async () => {
    const call = await place({ 'StatusCallbackEvents[0]': '', 'StatusCallbackEvents[1]': '' })
    await call.ended()
    const [only] = await until(() => call.came().length > 0 && call.came())
    expect(Object.keys(fieldsOf(only ?? expect.unreachable()))).toEqual([
      'CallSid',
      'Status',
      'DateUpdated',
    ])
  })
  it('is JSON when that is asked for', async () => {
    const call = await place({ StatusCallbackContentType: 'application/json' })
    const received = await until(() => call.came().at(1))
    expect(received.contentType).toBe('application/json')
    expect(JSON.parse(received.body)).toMatchObject({
      ...{
        Status: 'completed',
        ConversationDuration: 0,
        Legs: [{ Status: 'completed' }, { Status: null }],
      },
    })
  })
})

describe('other ends', () => {
  it.each(['busy', 'no-answer', 'failed', 'canceled'])('%s has no answer', async (outcome) => {
    await world.control('scenario', { number: '7777', outcome, timeScale: 0 })
    const call = await place({ From: '+919000007777' })
    await call.ended()
    await until(() => call.came().length > 0)
    expect(call.statuses()).toEqual([outcome])
  })
  it('between two numbers the second leg answers for itself', async () => {
    const two = { To: '+919000008888', From: '+919811122233', StreamUrl: '', StreamType: '' }
    const call = await place(two)
    await until(() => call.came().length === 3)
    expect(call.came().map((one) => fieldsOf(one)['Legs[1][Status]'])).toEqual([
      '',
      'in-progress',
      'completed',
    ])
    await world.control('scenario', { number: '8888', secondLeg: 'no-answer', timeScale: 0 })
    const unanswered = await place(two)
    await until(() => unanswered.came().length === 2)
    expect(unanswered.statuses()).toEqual(['in-progress', 'no-answer'])
  })
  it('a phone that rings longer than TimeOut is not answered', async () => {
    await world.control('scenario', { number: '5555', ringMs: 60_000, ringAfterMs: 0 })
    const call = await place({ From: '+919000005555', TimeOut: '1' })
    await until(() => call.came().length > 0)
    expect(call.statuses()).toEqual(['no-answer'])
  })
  it('a person who hangs up while it rings makes it canceled', async () => {
    await world.control('scenario', { number: '6666', ringMs: 60_000, ringAfterMs: 0 })
    const call = await place({ From: '+919000006666' })
    await until(() => world.simulator.exchange.get(call.sid)?.status === 'ringing')
    expect((await world.control(`calls/${call.sid}/hangup`, {})).status).toBe(200)
    await until(() => call.came().length > 0)
    expect(call.statuses()).toEqual(['canceled'])
    await call.ended()
    await until(() => (world.simulator.exchange.hangUp(call.sid) ? false : true))
    expect((await world.control(`calls/${call.sid}/hangup`, {})).status).toBe(409)
  })
})

describe('delivery', () => {
  it('is tried three times when it is not taken, and no more', async () => {
    world.sink.answers.push({ status: 503 }, { status: 404 }, { status: 500 })
    const call = await place({ 'StatusCallbackEvents[1]': '' })
    await until(() => call.came().length === 3)
    const outcomes = async () => {
      const { log } = JSON.parse((await call.noted()).text) as { log: { outcome: number }[] }
      return log.map(({ outcome }) => outcome)
    }
    const second = await place()
    await until(() => second.came().length === 2)
    expect(call.came()).toHaveLength(3)
    expect(await outcomes()).toEqual([503, 404, 500])
  })
  it('stops as soon as it is taken', async () => {
    world.sink.answers.push({ status: 500 })
    const call = await place({ 'StatusCallbackEvents[1]': '' })
    await until(() => call.came().length === 2)
    const later = await place()
    await until(() => later.came().length === 2)
    expect(call.came()).toHaveLength(2)
  })
})

describe('faults of callbacks', () => {
  it('early comes before the reply to the POST', async () => {
    const call = await place({}, { kind: 'early' })
    expect(call.came().length).toBeGreaterThanOrEqual(1)
  })
  it('late waits', async () => {
    const call = await place({}, { kind: 'late', ms: 300, event: 'terminal' })
    await call.ended()
    const endedAt = performance.now()
    const received = await until(() => call.came().at(1))
    expect(received.atMs).toBeGreaterThan(endedAt)
  })
  it('twice sends each two times', async () => {
    const call = await place({}, { kind: 'twice' })
    await until(() => call.came().length === 4)
    expect(call.statuses()).toEqual(['in-progress', 'in-progress', 'completed', 'completed'])
  })
  it('reordered sends the end before the answer', async () => {
    const call = await place({}, { kind: 'reordered' })
    await until(() => call.came().length === 2)
    expect(call.statuses()).toEqual(['completed', 'in-progress'])
  })
  it('missing sends nothing, or not the one named', async () => {
    const silent = await place({}, { kind: 'missing' })
    const half = await place({}, { kind: 'missing', event: 'terminal' })
    await silent.ended()
    await half.ended()
    const after = await place()
    await until(() => after.came().length === 2)
    expect(silent.came()).toEqual([])
    expect(half.statuses()).toEqual(['in-progress'])
  })
  it('null_status sends no status', async () => {
    const call = await place({}, { kind: 'null_status', event: 'terminal' })
    await until(() => call.came().length === 2)
    expect(call.statuses()).toEqual(['in-progress', 'null'])
  })
})
