import { followCall } from '@callwire/sdk'
import { eventually } from '@callwire/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { eventsToReceipt, startConstellation, type Constellation } from './constellation.ts'
import { masked, ofType } from './expected-words.ts'
import { makeScript } from './media/make-script.ts'
import { PHONE } from './simulator.ts'
import { chainProblem } from './verify-chain.ts'

let system: Constellation
let phoneId: string
let listener: string
beforeAll(async () => {
  system = await startConstellation()
  phoneId = await system.phoneWith({ name: 'Listener', kind: 'stream' })
  listener = (await system.client.phones.get(phoneId)).phone.agentId ?? ''
})
afterAll(() => system[Symbol.asyncDispose]())

let person = 9_876_500_000
const nobodyYet = () => `+91${String((person += 1))}`

describe.concurrent.each(['english-delivery', 'hindi-loan', 'hinglish-booking'])('%s', (name) => {
  test('reaches a consumer as it was spoken, masked, in order, and is closed by a receipt', async ({
    expect,
  }) => {
    const to = nobodyYet()
    const script = await system.simulator.script(name, to.slice(-6))
    const { call } = await system.client.calls.place({ phoneId, to })
    const heard: string[] = []
    const interims: string[] = []
    const seqs: number[] = []
    const statuses: string[] = []
    const stop = new AbortController()
    const follow = {
      url: system.socketUrl,
      token: system.apiKey,
      callId: call.id,
      signal: stop.signal,
    }
    for await (const followed of followCall(follow)) {
      if (followed.type === 'interim') interims.push(followed.interim.text)
      if (followed.type !== 'event') continue
      const { event } = followed
      seqs.push(event.seq)
      if (event.data === null) continue
      if (event.type === 'call.status') statuses.push(event.data.status)
      if (event.type === 'transcript.final') heard.push(event.data.text)
      if (event.type === 'call.receipt') stop.abort()
    }
    expect(heard).toEqual(masked(script))
    expect(seqs).toEqual(seqs.map((_, i) => i + 1))
    expect(statuses).toEqual(['queued', 'dialing', 'in-progress', 'completed'])
    expect(interims.length).toBeGreaterThan(heard.length)
    // Neither a number nor the beginning of one is ever shown.
    expect(interims.filter((text) => /\p{Nd}{3}/u.test(text))).toEqual([])

    const events = await eventsToReceipt(system.client, call.id)
    expect(chainProblem(call.id, events)).toBeNull()
    const { receipt, complete } = await system.client.calls.receipt(call.id)
    expect(complete).toBe(true)
    expect(receipt).toMatchObject({
      revision: 1,
      utterances: script.length,
      duplicated: 0,
      rewound: 0,
      gaps: [],
    })
    expect(receipt?.events).toBe(events.length - 1)
    expect(receipt?.hash).toBe(events.at(-2)?.hash)

    expect(events.slice(-2).map(({ type }) => type)).toEqual(['call.talk', 'call.receipt'])
    expect(ofType(events, 'call.talk')).toHaveLength(1)

    // Each utterance stands where it was spoken, to the frame.
    const places = ofType(events, 'transcript.final').map(({ data }) => [data.startMs, data.endMs])
    expect(places).toEqual(script.map(({ startMs, endMs }) => [startMs, endMs]))
  })
})

test('the three kinds of agent ring whom they should', async () => {
  const { simulator, client } = system
  await simulator.script('short')
  const human = await client.agents.create({ name: 'Asha', kind: 'human', number: '+919812345678' })
  const flow = await client.agents.create({ name: 'Flow', kind: 'flow', appId: '4711' })
  const { ingestCredentials } = await client.phones.createIngestCredentials(phoneId)
  await simulator.ask('PUT', '/simulator/flows/4711', { url: ingestCredentials.resolveUrl })

  const dial = async (agentId: string) => {
    await client.phones.update(phoneId, { agentId })
    const to = nobodyYet()
    const { call } = await client.calls.place({ phoneId, to })
    const events = await eventsToReceipt(client, call.id)
    const placed = (await simulator.placed()).find((one) => one.customField === call.id)
    const finals = ofType(events, 'transcript.final').map(({ data }) => data.text)
    return {
      to,
      placed,
      finals,
      statuses: ofType(events, 'call.status').map(({ data }) => data.status),
    }
  }

  const byHuman = await dial(human.agent.id)
  expect(byHuman.placed).toMatchObject({ from: '+919812345678', to: byHuman.to, callerId: PHONE })
  expect(byHuman.statuses.at(-1)).toBe('completed')
  expect(byHuman.finals).toHaveLength(2)

  const byFlow = await dial(flow.agent.id)
  expect(byFlow.placed).toMatchObject({ from: byFlow.to, callerId: PHONE })
  expect(byFlow.statuses.at(-1)).toBe('completed')
  expect(byFlow.finals).toHaveLength(2)
})

test('a live call is ended by closing its media socket', async () => {
  const { client, simulator } = system
  const to = nobodyYet()
  const script = await simulator.script(makeScript('long', 30), to.slice(-6))
  await client.phones.update(phoneId, { agentId: listener })
  const { call } = await client.calls.place({ phoneId, to })
  await eventually(
    async () => ofType((await client.calls.events(call.id)).events, 'transcript.final').length > 0,
    { boundMs: 60_000, what: 'the first final' },
  )
  const canceled = await client.calls.cancel(call.id)
  expect(canceled.call).toMatchObject({ status: 'canceled', reason: { code: 'canceled' } })
  const events = await eventsToReceipt(client, call.id)
  expect(ofType(events, 'transcript.final').length).toBeLessThan(script.length)
  expect(ofType(events, 'call.talk')).toHaveLength(1)
  const ended = await eventually(
    async () =>
      (await simulator.placed()).find(
        (one) => one.customField === call.id && one.status === 'completed',
      ),
    { boundMs: 30_000, what: 'the end at Exotel' },
  )
  expect(ended.status).toBe('completed')
})

test('what a person sees of a call has no number and no secret in it', async () => {
  const { calls } = await system.client.calls.list({ limit: 10 })
  const shown = JSON.stringify(calls)
  expect(shown).toContain('+91')
  const { phones } = await system.client.phones.list()
  expect(phones[0]?.exotelData).toEqual({ sid: 'acme1', subdomain: system.simulator.host })
})
