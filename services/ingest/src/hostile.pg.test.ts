import { connect, type Socket } from 'node:net'
import { eventually } from '@callwire/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createFixture, type Fixture, type SeededPhone } from './testing/fixture.ts'
import { maskedFrame, rawHandshake } from './testing/raw-client.ts'
import {
  basic,
  dial,
  mediaText,
  mediaTexts,
  pcmOf,
  startText,
  stopText,
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

const GOOD_CALLS = 3
const HOSTILE_OF_A_KIND = 9
/** Of 20 ms. */
const FRAMES = 150

/** A connection of which nothing is expected; writes what it is given for as long as it may. */
function attack(first: string | Buffer, then: (socket: Socket) => void = () => undefined): Socket {
  const socket = connect(ingest.port, '127.0.0.1')
  socket.on('error', () => undefined)
  socket.once('connect', () => {
    socket.write(first)
    then(socket)
  })
  return socket
}

/** As much as the peer takes, and no more than `most` writes. */
function flood(socket: Socket, piece: () => Buffer, most: number): void {
  let left = most
  const pour = () => {
    while (left > 0 && !socket.destroyed) {
      left -= 1
      if (!socket.write(piece())) {
        socket.once('drain', () => setImmediate(pour))
        return
      }
    }
  }
  pour()
}

const opcode = { text: 0x81, binary: 0x82, fragment: 0x01, more: 0x00, ping: 0x89 }

const text = (value: string) => maskedFrame(opcode.text, Buffer.from(value))

test('a hundred hostile sockets cost the good calls beside them nothing', async () => {
  const credentials = basic(phone.key, phone.token)
  const handshake = rawHandshake('/v1/ingest', credentials)
  const frame = text(mediaText(2, pcmOf(1)))
  const kinds: (() => Socket)[] = [
    // Nothing at all, and a head that never ends.
    () => attack(''),
    () => attack('GET /v1/ingest HTTP/1.1\r\nHost: x\r\nX-Slow: '),
    // A body that never ends.
    () =>
      attack(
        `POST /v1/ingest/resolve/${'x'.repeat(32)} HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nx`,
      ),
    // What is no HTTP, and what is no WebSocket.
    () => attack(Buffer.from('\x16\x03\x01 garbage \r\n\r\n')),
    () => attack(Buffer.concat([handshake, Buffer.alloc(4_096, 0xff)])),
    // Tokens to guess.
    () => attack(rawHandshake(`/v1/ingest/t/${'g'.repeat(32)}`, {})),
    // Admitted: silence, garbage, floods before and after a start, of pings whose pongs are not read.
    () => attack(handshake),
    () => attack(Buffer.concat([handshake, text('x'), text('[]'), text('"y"')])),
    () => attack(handshake, (socket) => flood(socket, () => frame, 4_000)),
    () =>
      attack(Buffer.concat([handshake, text(startText({ callSid: 'nobody' }))]), (socket) =>
        flood(socket, () => frame, 4_000),
      ),
    () =>
      attack(handshake, (socket) => {
        socket.pause()
        const ping = maskedFrame(opcode.ping, Buffer.alloc(125, 1))
        flood(socket, () => ping, 4_000)
      }),
    // Fragments without end, and a message that is too large.
    () =>
      attack(
        Buffer.concat([handshake, maskedFrame(opcode.fragment, Buffer.from('{'))]),
        (socket) => {
          const piece = maskedFrame(opcode.more, Buffer.from('x'))
          flood(socket, () => piece, 5_000)
        },
      ),
    () => attack(Buffer.concat([handshake, maskedFrame(opcode.binary, Buffer.alloc(1024 * 1024))])),
  ]
  const calls = await Promise.all(
    Array.from({ length: GOOD_CALLS }, (_, i) => fixture.seedCall(phone, { sid: `good-${i}` })),
  )
  const pcms = calls.map((_, i) => pcmOf(FRAMES, i * 31))
  const good = await Promise.all(calls.map((call) => dial(`${ingest.url}/t/${call.pathToken}`)))
  for (const [i, client] of good.entries()) client.send(startText({ callSid: `good-${i}` }))
  const hostile = kinds.flatMap((make) => Array.from({ length: HOSTILE_OF_A_KIND }, make))
  try {
    const began = performance.now()
    const texts = pcms.map((pcm) => mediaTexts(pcm))
    let sent = 0
    while (sent < FRAMES) {
      const due = Math.min(FRAMES, Math.floor((performance.now() - began) / 20))
      for (; sent < due; sent += 1) {
        for (const [i, client] of good.entries()) client.send(texts[i]?.[sent] ?? '')
      }
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    // A newcomer is heard beside them, if need be at another try.
    const late = await fixture.seedCall(phone, { sid: 'good-late' })
    const newcomer = await eventually(
      () => dial(`${ingest.url}/t/${late.pathToken}`).catch(() => null),
      { boundMs: 20_000 },
    )
    newcomer.send(startText({ callSid: 'good-late' }), ...mediaTexts(pcmOf(5)), stopText())
    for (const client of good) client.send(stopText())
    for (const client of good) {
      expect(await client.closed).toEqual({ code: 1000, reason: 'stop' })
    }
    for (const [i, { tenantId, callId }] of calls.entries()) {
      const events = await fixture.eventsWith(tenantId, callId, 'stream.ended')
      expect(events.find(({ type }) => type === 'stream.ended')?.data).toMatchObject({
        frames: FRAMES,
        audioMs: FRAMES * 20,
        duplicated: 0,
        gaps: [],
      })
      const entries = await fixture.entries(tenantId, callId)
      const audio = entries.flatMap((entry) => (entry.kind === 'audio' ? [entry.pcm] : []))
      expect(Buffer.concat(audio).equals(pcms[i] ?? Buffer.alloc(0))).toBe(true)
    }
    // Each of its checks has half a second, which a busy machine may not give it at once.
    await eventually(async () => (await fetch(`${ingest.http}/readyz`)).ok)
  } finally {
    for (const socket of hostile) socket.destroy()
  }
  await eventually(async () => {
    const ready = await fetch(`${ingest.http}/readyz`)
    return ((await ready.json()) as { streams: number }).streams === 0
  })
  expect(fixture.logs.text()).not.toContain('media socket fault')
})
