import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type PlaceOptions, placeStream, speakBriefly } from './testing/place-stream.ts'
import { startWorld, until, type World } from './testing/world.ts'

let world: World
beforeAll(async () => {
  world = await startWorld()
  await speakBriefly(world)
})
afterAll(() => world.close())

const place = (o: PlaceOptions = {}) => placeStream(world, o)

describe('flows and calls that come in', () => {
  const flow = { StreamUrl: '', StreamType: '' }
  const urlOf = (app: string) => `http://my.exotel.com/acme1/exoml/start_voice/${app}`
  it('asks the dynamic endpoint, with credentials, and streams where it says', async () => {
    const endpoint = `${world.sink.http.replace('http://', 'http://phone:secret@')}/resolve/abc`
    await world.control('flows/926', { url: endpoint }, 'PUT')
    world.sink.answers.push({
      status: 200,
      body: JSON.stringify({ url: `${world.sink.ws}/flow/1` }),
    })
    const call = await place({
      talkMs: 100,
      fields: { ...flow, Url: urlOf('926'), CustomField: 'cal_7' },
    })
    const connection = await until(() =>
      world.sink.connections.find(({ path }) => path === '/flow/1'),
    )
    const asked = world.sink.received.find(({ path }) => path.startsWith('/resolve/abc?'))
    expect(asked?.authorization).toBe(`Basic ${Buffer.from('phone:secret').toString('base64')}`)
    const query = Object.fromEntries(new URL(asked?.path ?? '', world.sink.http).searchParams)
    expect(query).toMatchObject({
      ...{
        CallSid: call.sid,
        Direction: 'outbound-dial',
        CallTo: '08047112233',
        CustomField: 'cal_7',
      },
      DialWhomNumber: '',
    })
    expect(query).not.toHaveProperty('AccountSid')
    await until(() => connection.messages.length > 1)
    expect(connection.messages[1]).toMatchObject({ start: { custom_parameters: { cal_7: '' } } })
    await call.ended()
  })
  it('completes without a stream when the endpoint has none', async () => {
    world.sink.answers.push({ status: 404 })
    const call = await place({ talkMs: 20, fields: { ...flow, Url: urlOf('926') } })
    await call.ended()
    expect(world.simulator.exchange.get(call.sid)?.status).toBe('completed')
  })
  it('lets somebody call in', async () => {
    await world.control('flows/927', { url: `${world.sink.ws}/inbound/1` }, 'PUT')
    const asked = { accountSid: 'acme1', from: '+919812345678', to: '08047112233', appId: '927' }
    expect((await world.control('inbound', { ...asked, to: '08000000000' })).status).toBe(400)
    expect((await world.control('inbound', { ...asked, script: 'none' })).status).toBe(404)
    expect((await world.control('inbound', { ...asked, script: 'tiny' })).status).toBe(201)
    const connection = await until(() =>
      world.sink.connections.find(({ path }) => path === '/inbound/1'),
    )
    await until(() => connection.messages.length > 1)
    expect(connection.messages[1]).toMatchObject({
      start: { from: '09812345678', to: '08047112233' },
    })
  })
})
