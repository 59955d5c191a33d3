import type { Socket } from 'node:net'
import { eventually } from '@callwire/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  createFixture,
  type Fixture,
  type SeededCall,
  type SeededPhone,
} from './testing/fixture.ts'
import {
  connectedText,
  dial,
  mediaText,
  mediaTexts,
  pcmOf,
  startText,
  stopText,
  type WireClient,
} from './testing/wire-client.ts'

let fixture: Fixture
let ingest: Awaited<ReturnType<Fixture['start']>>
let phone: SeededPhone
beforeAll(async () => {
  fixture = await createFixture()
  ingest = await fixture.start()
  phone = await fixture.seedPhone()
})
afterAll(() => fixture[Symbol.asyncDispose]())

async function open(): Promise<{ call: SeededCall; client: WireClient }> {
  const call = await fixture.seedCall(phone)
  return { call, client: await dial(`${ingest.url}/t/${call.pathToken}`) }
}

async function endOf({ tenantId, callId }: SeededCall) {
  const events = await fixture.eventsWith(tenantId, callId, 'stream.ended')
  const ended = events.find((event) => event.type === 'stream.ended')
  return ended?.data
}

async function audioOf({ tenantId, callId }: SeededCall) {
  const entries = await fixture.entries(tenantId, callId)
  return entries.flatMap((entry) => (entry.kind === 'audio' ? [entry] : []))
}

async function play(texts: (string | Buffer)[]) {
  const { call, client } = await open()
  client.send(...texts)
  const closed = await client.closed
  return { call, closed }
}

describe('frames', () => {
  test('the same number and chunk again is a duplicate; a rewound one is new audio', async () => {
    const [a = '', b = '', c = ''] = mediaTexts(pcmOf(3))
    const rewound = mediaText(2, pcmOf(1, 99))
    const { call } = await play([startText({}), a, a, b, b, c, rewound, stopText()])
    expect(await endOf(call)).toMatchObject({ frames: 4, duplicated: 2, rewound: 1, audioMs: 80 })
    const audio = await audioOf(call)
    const expected = Buffer.concat([pcmOf(3), pcmOf(1, 99)])
    expect(Buffer.concat(audio.map((entry) => entry.pcm)).equals(expected)).toBe(true)
  })

  test('missing numbers are a gap on the clock, and no block spans it', async () => {
    const before = mediaTexts(pcmOf(3))
    const after = mediaTexts(pcmOf(3, 7), 10)
    const { call } = await play([startText({}), ...before, ...after, stopText()])
    expect(await endOf(call)).toMatchObject({
      frames: 6,
      audioMs: 120,
      gaps: [{ fromMs: 60, toMs: 160 }],
    })
    const entries = await fixture.entries(call.tenantId, call.callId)
    expect(
      entries.map((entry) =>
        entry.kind === 'audio' ? [entry.startMs, entry.pcm.length / 16] : entry.kind,
      ),
    ).toEqual([[0, 60], 'gap', [160, 60], 'end'])
  })

  test('an odd last byte joins the next frame; 23 bytes are no crash', async () => {
    const pcm = pcmOf(2)
    const pieces = [pcm.subarray(0, 23), pcm.subarray(23, 324), pcm.subarray(324)]
    const texts = pieces.map((piece, i) => mediaText(i + 2, piece))
    const { call } = await play([startText({}), ...texts, stopText()])
    expect(await endOf(call)).toMatchObject({ frames: 3, audioMs: 40 })
    const audio = await audioOf(call)
    expect(Buffer.concat(audio.map((entry) => entry.pcm)).equals(pcm)).toBe(true)
  })

  test('media before start is kept, at most 64 of them; media after stop is not', async () => {
    const early = mediaTexts(pcmOf(70))
    const later = mediaTexts(pcmOf(1), 66)
    const { call } = await play([...early, startText({}), ...later, stopText(), ...later])
    expect(await endOf(call)).toMatchObject({ frames: 65 })
  })

  test('what is not understood is skipped and the next message is good', async () => {
    const { call, closed } = await play([
      'not json',
      '[1,2]',
      connectedText,
      startText({}),
      '{"event":"media","media":{"payload":"***"}}',
      '{"event":"media"}',
      '{"event":"clear"}',
      '{"event":"mark","sequence_number":"7","mark":{"name":"x"}}',
      '{}',
      ...mediaTexts(pcmOf(1)),
      stopText(),
    ])
    expect(closed).toEqual({ code: 1000, reason: 'stop' })
    expect(await endOf(call)).toMatchObject({ frames: 1 })
  })

  test('bytes are as good as text, and 16 kHz stays 16 kHz', async () => {
    const pcm = pcmOf(20)
    const texts = [startText({ sampleRate: '16000' }), ...mediaTexts(pcm), stopText()]
    const { call } = await play(texts.map((text) => Buffer.from(text)))
    expect(await endOf(call)).toMatchObject({ frames: 20, audioMs: 200 })
    const audio = await audioOf(call)
    expect(audio.map((entry) => entry.pcm.length)).toEqual([3200, 3200])
  })

  test('a block that nothing fills is sent after a stall', async () => {
    const { call, client } = await open()
    client.send(startText({}), ...mediaTexts(pcmOf(2)))
    const audio = await eventually(async () => {
      const all = await audioOf(call)
      return all.length > 0 ? all : null
    })
    expect(audio.map((entry) => entry.pcm.length)).toEqual([640])
    client.send(...mediaTexts(pcmOf(2, 3), 4), stopText())
    expect(await endOf(call)).toMatchObject({ audioMs: 80 })
    expect((await audioOf(call)).map((entry) => entry.startMs)).toEqual([0, 40])
  })

  test('a key that was pressed before the start is kept, too', async () => {
    const dtmf = '{"event":"dtmf","dtmf":{"digit":"#","duration":"80"}}'
    const { call } = await play([dtmf, startText({}), ...mediaTexts(pcmOf(1)), stopText()])
    const events = await fixture.eventsWith(call.tenantId, call.callId, 'stream.ended')
    const pressed = events.find((event) => event.type === 'stream.dtmf')
    expect(pressed?.data).toEqual({ atMs: 0, durationMs: 80 })
    expect(await fixture.secretOf(call.tenantId, call.callId, 'digit')).toBe('#')
  })

  test('a key that was pressed: the event says when, the digit is sealed', async () => {
    const { call, client } = await open()
    const dtmf = '{"event":"dtmf","sequence_number":"4","dtmf":{"digit":"5","duration":"100"}}'
    client.send(startText({}), ...mediaTexts(pcmOf(2)), dtmf, stopText())
    const events = await fixture.eventsWith(call.tenantId, call.callId, 'stream.ended')
    const event = events.find((one) => one.type === 'stream.dtmf')
    expect(event?.data).toEqual({ atMs: 40, durationMs: 100 })
    expect(JSON.stringify(events)).not.toContain('"5"')
    expect(await fixture.secretOf(call.tenantId, call.callId, 'digit')).toBe('5')
  })
})

describe('ends', () => {
  test('a connection that is cut without a stop', async () => {
    const { call, client } = await open()
    client.send(startText({}), ...mediaTexts(pcmOf(7)))
    await fixture.eventsWith(call.tenantId, call.callId, 'stream.started')
    client.socket.terminate()
    expect(await endOf(call)).toMatchObject({ frames: 7, audioMs: 140, reason: 'disconnected' })
    const audio = await audioOf(call)
    expect(Buffer.concat(audio.map((entry) => entry.pcm)).equals(pcmOf(7))).toBe(true)
  })

  test('a stream without audio has an end and no beginning', async () => {
    const { call } = await play([startText({}), stopText('stopped')])
    expect(await endOf(call)).toMatchObject({ frames: 0, audioMs: 0, reason: 'stopped' })
    const events = await fixture.events(call.tenantId, call.callId)
    expect(events.some((event) => event.type === 'stream.started')).toBe(false)
  })

  test.each<[string, (string | Buffer)[], number]>([
    ['a third text that is no object', ['x', '"x"', '[]'], 1007],
    ['bytes that are no UTF-8', [Buffer.from([0x7b, 0xff, 0xfe])], 1007],
    ['a message over 256 KiB', ['x'.repeat(256 * 1024 + 1)], 1009],
    ['a stop before any start', [stopText()], 1000],
  ])('%s', async (_name, texts, code) => {
    const { closed } = await play(texts)
    expect(closed.code).toBe(code)
    const { call } = await play([startText({}), ...mediaTexts(pcmOf(5)), ...texts])
    expect(await endOf(call)).toMatchObject({ frames: 5 })
    await isUnhurt()
  })

  test('a flood, seconds of it; before that a burst is only a burst', async () => {
    const { call, client } = await open()
    client.send(startText({}), ...mediaTexts(pcmOf(5)))
    const timer = setInterval(() => {
      for (let i = 0; i < 160; i += 1) client.socket.send('{"event":"mark"}')
    }, 200)
    try {
      expect(await client.closed).toEqual({ code: 1008, reason: 'too many messages' })
    } finally {
      clearInterval(timer)
    }
    expect(await endOf(call)).toMatchObject({ frames: 5, reason: 'flood' })
    const burst = [
      ...mediaTexts(pcmOf(1)),
      ...Array<string>(2_500).fill('{"event":"mark"}'),
      stopText(),
    ]
    const { closed } = await play([startText({}), ...burst])
    expect(closed).toEqual({ code: 1000, reason: 'stop' })
  })

  test('pings whose answers nobody reads', async () => {
    const { call, client } = await open()
    client.send(startText({}), ...mediaTexts(pcmOf(5)))
    await fixture.eventsWith(call.tenantId, call.callId, 'stream.started')
    const raw = rawSocket(client)
    raw.pause()
    const pings = Buffer.concat(Array<Buffer>(1_000).fill(frameOf(0x89, Buffer.alloc(125, 1))))
    // The kernel takes some megabytes of what we do not read.
    const pour = () => {
      if (!raw.destroyed) raw.write(pings, () => setImmediate(pour))
    }
    pour()
    expect(await endOf(call)).toMatchObject({ frames: 5, reason: 'disconnected' })
    raw.destroy()
    await isUnhurt()
  })

  test('text that is no UTF-8, fragments without end, a reserved opcode', async () => {
    const hostile = [
      frameOf(0x81, Buffer.from([0xc3, 0x28])),
      Buffer.concat(
        Array.from({ length: 80 }, (_, i) => frameOf(i === 0 ? 0x01 : 0x00, Buffer.from('x'))),
      ),
      frameOf(0x83, Buffer.from('{}')),
      frameOf(0xc1, Buffer.from('{}')),
      Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
    ]
    const codes: number[] = []
    for (const bytes of hostile) {
      const { client } = await open()
      rawSocket(client).write(bytes)
      codes.push((await client.closed).code)
    }
    expect(codes).toEqual([1007, 1008, 1002, 1002, 1002])
    await isUnhurt()
  })
})

async function isUnhurt() {
  const pcm = pcmOf(5)
  const { call, closed } = await play([startText({}), ...mediaTexts(pcm), stopText()])
  expect(closed).toEqual({ code: 1000, reason: 'stop' })
  expect(await endOf(call)).toMatchObject({ frames: 5 })
}

function rawSocket(client: WireClient): Socket {
  return (client.socket as unknown as { _socket: Socket })._socket
}

/** A client's frame with any first byte, masked with zeros. */
function frameOf(first: number, payload: Buffer): Buffer {
  return Buffer.concat([Buffer.from([first, 0x80 | payload.length, 0, 0, 0, 0]), payload])
}
