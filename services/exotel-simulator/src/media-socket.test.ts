import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { decodeRecords } from './testing/decode-captions.ts'
import {
  events,
  indices,
  upTo,
  type PlaceOptions,
  placeStream,
  speakBriefly,
} from './testing/place-stream.ts'
import { startWorld, until, type World } from './testing/world.ts'

let world: World
beforeAll(async () => {
  world = await startWorld()
  await speakBriefly(world)
})
afterAll(() => world.close())

const place = (o: PlaceOptions = {}) => placeStream(world, o)

describe('the stream of a call', () => {
  it('is connected, start, a frame for every 20 ms, stop, close; and holds the words', async () => {
    const call = await place()
    const connection = await call.closed()
    expect(events(connection).slice(0, 3)).toEqual(['connected', 'start', 'media'])
    expect(events(connection).at(-1)).toBe('stop')
    expect(connection.closeCode).toBe(1000)
    expect(connection.messages[1]).toMatchObject({
      ...{
        sequence_number: '1',
        start: { call_sid: call.sid, account_sid: 'acme1', from: /^0900/ },
      },
    })
    expect(connection.messages[1]).not.toHaveProperty('start.custom_parameters')
    const media = connection.messages.filter(({ event }) => event === 'media')
    media.forEach((message, n) => {
      expect(message).toMatchObject({
        ...{
          sequence_number: String(n + 2),
          media: { chunk: String(n + 1), timestamp: String((n + 1) * 20) },
        },
      })
    })
    expect(connection.messages.at(-1)).toMatchObject({
      ...{
        sequence_number: String(media.length + 2),
        stop: { reason: 'callended', call_sid: call.sid },
      },
    })
    expect(new Set(connection.frames.map(({ length }) => length))).toEqual(new Set([320]))
    expect(indices(connection)).toEqual(upTo(media.length))

    const truth = await world.send('GET', `/simulator/calls/${call.sid}`)
    const { call: seen } = JSON.parse(truth.text) as {
      call: { utterances: { words: unknown[] }[]; scriptMs: number }
    }
    const words = decodeRecords(connection.frames).filter(({ type }) => type === 1)
    expect(words.map(({ text, startMs, endMs }) => ({ text, startMs, endMs }))).toEqual(
      seen.utterances.flatMap((said) => said.words),
    )
    expect(media).toHaveLength(seen.scriptMs / 20)
  })
  it('ends the call when the other side closes', async () => {
    const call = await place({ talkMs: 60_000 })
    const connection = await call.connection()
    await until(() => connection.frames.length > 2)
    connection.socket.close(1000)
    await call.ended()
    expect(world.simulator.exchange.get(call.sid)?.status).toBe('completed')
    expect(events(connection)).not.toContain('stop')
  })
  it('ends with a stop when the person hangs up, or the time limit is reached', async () => {
    const long = await place({ talkMs: 60_000 })
    await until(() => long.connections().at(0)?.frames.length)
    await world.control(`calls/${long.sid}/hangup`, {})
    expect(events(await long.closed()).at(-1)).toBe('stop')
    const limited = await place({ talkMs: 60_000, fields: { TimeLimit: '1' } })
    const connection = await limited.closed()
    expect(events(connection).at(-1)).toBe('stop')
    expect(connection.frames.length).toBeLessThan(1_000)
  })
  it('answers pings, echoes marks, sends digits', async () => {
    const call = await place({ talkMs: 60_000 })
    const connection = await call.connection()
    const pong = new Promise((resolve) => connection.socket.once('pong', resolve))
    connection.socket.ping()
    await pong
    connection.socket.send(JSON.stringify({ event: 'mark', mark: { name: 'turn-1' } }))
    connection.socket.send('nonsense')
    expect((await world.control(`calls/${call.sid}/dtmf`, { digit: '5' })).status).toBe(200)
    await until(() => events(connection).includes('mark') && events(connection).includes('dtmf'))
    const numbers = connection.messages
      .slice(1)
      .map((message) => Number(message['sequence_number']))
    expect(numbers).toEqual(upTo(numbers.length).map((n) => n + 1))
    await world.control(`calls/${call.sid}/hangup`, {})
    await call.ended()
    expect((await world.control(`calls/${call.sid}/dtmf`, { digit: '5' })).status).toBe(409)
  })
  it('gives the URL’s query as parameters and its userinfo as a header', async () => {
    const url = `${world.sink.ws.replace('ws://', 'ws://key:tok@')}/query/x?token=abc`
    await place({ talkMs: 40, fields: { StreamUrl: url } })
    const connection = await until(() =>
      world.sink.connections.find(({ path }) => path === '/query/x'),
    )
    expect(connection.authorization).toBe(`Basic ${Buffer.from('key:tok').toString('base64')}`)
    await until(() => connection.messages.length > 1)
    expect(connection.messages[1]).toMatchObject({ start: { custom_parameters: { token: 'abc' } } })
  })
  it('is also there for a call between two numbers, which outlives it', async () => {
    await world.control('scenario', { number: '+919800000001', timeScale: 0, talkMs: 1500 })
    const call = await place({ fields: { To: '+919800000001', StreamBegin: 'Leg1Connect' } })
    const connection = await call.connection()
    await until(() => connection.frames.length > 0)
    connection.socket.close(1000)
    await until(() => connection.closeCode)
    expect(world.simulator.exchange.get(call.sid)?.status).toBe('in-progress')
    await call.ended()
  })
})
