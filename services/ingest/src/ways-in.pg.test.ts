import { request as httpRequest } from 'node:http'
import { edgeProof } from '@callwire/runtime'
import { macToken, parseMacRing } from '@callwire/crypto'
import { eventually } from '@callwire/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createFixture, edgeKeys, type Fixture, type SeededPhone } from './testing/fixture.ts'
import { basic, dial, mediaTexts, pcmOf, startText, stopText } from './testing/wire-client.ts'

let fixture: Fixture
let ingest: Awaited<ReturnType<Fixture['start']>>
let phone: SeededPhone
beforeAll(async () => {
  fixture = await createFixture()
  ingest = await fixture.start()
  phone = await fixture.seedPhone()
})
afterAll(() => fixture[Symbol.asyncDispose]())

const bearer = (token: string) => ({ authorization: `Bearer ${token}` })
const ring = parseMacRing(edgeKeys)
/** The headers that the gateway's splice would write for a client of this address. */
const spliced = (address: string) => ({
  'x-forwarded-for': address,
  'x-callwire-edge': edgeProof((m) => macToken(ring, 'edge', m), address, Date.now() / 1000),
})

async function plays(url: string, headers: Record<string, string>, start: string) {
  const client = await dial(url, headers)
  client.send(start, ...mediaTexts(pcmOf(5)), stopText())
  return client.closed
}
const stopped = { code: 1000, reason: 'stop' }

describe('ways in', () => {
  test("Basic with a phone's ingest credentials", async () => {
    const headers = basic(phone.key, phone.token)
    expect(await plays(ingest.url, headers, startText({ callSid: 'way-basic' }))).toEqual(stopped)
  })

  test('JWT of a phone, and of a call', async () => {
    const { tenantId, phoneId } = phone
    const ofPhone = await fixture.tokens.signIngest({ kind: 'phone', id: phoneId, tenantId })
    const start = startText({ callSid: 'way-jwt' })
    expect(await plays(ingest.url, bearer(ofPhone.token), start)).toEqual(stopped)
    const { callId } = await fixture.seedCall(phone)
    const ofCall = await fixture.tokens.signIngest({ kind: 'call', id: callId, tenantId })
    expect(await plays(ingest.url, bearer(ofCall.token), startText({}))).toEqual(stopped)
    const events = await fixture.eventsWith(tenantId, callId, 'stream.ended')
    expect(events.some((event) => event.type === 'stream.started')).toBe(true)
  })

  test('a path token stays good for a second handshake and is burnt by start', async () => {
    const call = await fixture.seedCall(phone)
    const url = `${ingest.url}/t/${call.pathToken}`
    const first = await dial(url)
    const second = await dial(url)
    second.send(startText({}), ...mediaTexts(pcmOf(5)))
    await fixture.eventsWith(call.tenantId, call.callId, 'stream.started')
    await expect(dial(url)).rejects.toThrow('refused 401')
    first.send(startText({}))
    expect(await first.closed).toEqual({ code: 1008, reason: 'token used' })
    second.send(stopText())
    expect(await second.closed).toEqual(stopped)
  })

  test('the address alone, for a call that we placed', async () => {
    const open = await fixture.start({ allowListAlone: true, allowedIps: ['127.0.0.0/8'] })
    const call = await fixture.seedCall(phone, { sid: 'way-address' })
    expect(await plays(open.url, {}, startText({ callSid: 'way-address' }))).toEqual(stopped)
    await fixture.eventsWith(call.tenantId, call.callId, 'stream.ended')
    const through = spliced('127.0.0.9')
    const again = await fixture.seedCall(phone, { sid: 'way-address-2' })
    expect(await plays(open.url, through, startText({ callSid: 'way-address-2' }))).toEqual(stopped)
    await fixture.eventsWith(again.tenantId, again.callId, 'stream.ended')
  })

  test('what came in one segment with the handshake is not lost', async () => {
    const call = await fixture.seedCall(phone)
    const pcm = pcmOf(10)
    const texts = [startText({}), ...mediaTexts(pcm), stopText()]
    const code = await sendInOneSegment(`${ingest.url}/t/${call.pathToken}`, texts)
    expect(code).toBe(1000)
    await fixture.eventsWith(call.tenantId, call.callId, 'stream.ended')
    const entries = await fixture.entries(call.tenantId, call.callId)
    const audio = entries.flatMap((entry) => (entry.kind === 'audio' ? [entry.pcm] : []))
    expect(Buffer.concat(audio).equals(pcm)).toBe(true)
  })
})

describe('refusals', () => {
  test('wrong or missing credentials get 401 and no upgrade', async () => {
    const session = await fixture.tokens.signSession({
      userId: 'usr_000000000000000000000000',
      tenantId: phone.tenantId,
      role: 'owner',
      sessionId: 'ses_000000000000000000000000',
    })
    const elsewhere = await fixture.tokens.signIngest({
      kind: 'phone',
      id: phone.phoneId,
      tenantId: 'ten_000000000000000000000000',
    })
    const gone = await fixture.tokens.signIngest({
      kind: 'call',
      id: 'cal_000000000000000000000000',
      tenantId: phone.tenantId,
    })
    const call = await fixture.seedCall(phone)
    const late = await fixture.mintToken(phone, call.callId, -1_000)
    const attempts: [string, Record<string, string>][] = [
      [ingest.url, {}],
      [ingest.url, basic(phone.key, 'wrong')],
      [ingest.url, basic('wrong', phone.token)],
      [ingest.url, { authorization: 'Basic !!!' }],
      [ingest.url, bearer('a.b.c')],
      [ingest.url, bearer(session.token)],
      [ingest.url, bearer(elsewhere.token)],
      [ingest.url, bearer(gone.token)],
      [`${ingest.url}/t/${'x'.repeat(32)}`, {}],
      [`${ingest.url}/t/${'x'.repeat(32)}`, basic(phone.key, phone.token)],
      [`${ingest.url}/t/${late}`, {}],
      [`${ingest.url}/t/`, {}],
      [`${ingest.url}?token=${call.pathToken}`, {}],
      [ingest.url, spliced('127.0.0.1')],
    ]
    for (const [url, headers] of attempts) {
      await expect(dial(url, headers)).rejects.toThrow('refused 401')
    }
    await expect(dial(`${ingest.http}/v1/other`)).rejects.toThrow('refused 404')
  })

  test('a peer off the allow-list, however good its credentials', async () => {
    const narrow = await fixture.start({ allowListAlone: true, allowedIps: ['203.0.113.0/24'] })
    const good = basic(phone.key, phone.token)
    const claims = { ...good, 'x-forwarded-for': '203.0.113.5' }
    await expect(dial(narrow.url, good)).rejects.toThrow('refused 401')
    await expect(dial(narrow.url, claims)).rejects.toThrow('refused 401')
    const proven = await dial(narrow.url, { ...good, ...spliced('203.0.113.5') })
    proven.socket.terminate()
  })

  test('what the gateway splices is not on the list because the gateway is', async () => {
    const loopback = await fixture.start({ allowListAlone: true, allowedIps: ['127.0.0.1'] })
    await expect(dial(loopback.url, spliced('198.51.100.7'))).rejects.toThrow('refused 401')
    const forged = { ...spliced('198.51.100.7'), 'x-forwarded-for': '127.0.0.1' }
    await expect(dial(loopback.url, forged)).rejects.toThrow('refused 401')
    const listOnly = await fixture.start({ allowedIps: ['127.0.0.1'] })
    await expect(dial(listOnly.url)).rejects.toThrow('refused 401')
  })
})

/** Writes handshake and frames before it reads a byte; gives the code of the server's close frame. */
async function sendInOneSegment(url: string, texts: string[]): Promise<number> {
  const { hostname, port, pathname } = new URL(url)
  const { connect } = await import('node:net')
  const head = [
    `GET ${pathname} HTTP/1.1`,
    `Host: ${hostname}`,
    'Upgrade: websocket',
    'Connection: Upgrade',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    'Sec-WebSocket-Version: 13',
    '\r\n',
  ].join('\r\n')
  const socket = connect(Number(port), hostname)
  const chunks: Buffer[] = []
  socket.on('data', (chunk) => chunks.push(chunk))
  socket.write(Buffer.concat([Buffer.from(head), ...texts.map(maskedFrame)]))
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('no close frame')), 20_000)
    socket.on('error', reject)
    socket.on('data', () => {
      const all = Buffer.concat(chunks)
      const body = all.subarray(all.indexOf('\r\n\r\n') + 4)
      if (body.length < 4 || body[0] !== 0x88) return
      clearTimeout(timer)
      socket.destroy()
      resolve(body.readUInt16BE(2))
    })
  })
}

/** RFC 6455 §5.2: one text frame from a client, masked with zeros. */
function maskedFrame(text: string): Buffer {
  const payload = Buffer.from(text)
  const head = Buffer.alloc(payload.length < 126 ? 6 : 8)
  head[0] = 0x81
  if (payload.length < 126) head[1] = 0x80 | payload.length
  else {
    head[1] = 0xfe
    head.writeUInt16BE(payload.length, 2)
  }
  return Buffer.concat([head, payload])
}

test('plain requests: health tells streams and frames, the rest is 404', async () => {
  const ready = await fetch(`${ingest.http}/readyz`)
  expect(ready.status).toBe(200)
  const body = (await ready.json()) as Record<string, unknown>
  expect(body).toMatchObject({
    status: 'ok',
    checks: { postgres: 'ok', redis: 'ok', accepting: 'ok' },
  })
  expect(body['streams']).toEqual(expect.any(Number))
  expect(body['frames']).toEqual(expect.any(Number))
  expect((await fetch(`${ingest.http}/healthz`)).status).toBe(200)
  expect((await fetch(`${ingest.http}/v1/ingest`)).status).toBe(404)
  expect((await fetch(`${ingest.http}/handover`, { method: 'POST' })).status).toBe(409)
})

test('a peer that does not finish its headers is cut', async () => {
  const { connect } = await import('node:net')
  const socket = connect(Number(new URL(ingest.http).port), '127.0.0.1')
  socket.resume()
  socket.write('GET /v1/ingest HTTP/1.1\r\nHost: x\r\n')
  const trickle = setInterval(() => socket.write('X-Slow: 1\r\n'), 500)
  socket.on('error', () => undefined)
  try {
    await eventually(() => socket.closed)
  } finally {
    clearInterval(trickle)
    socket.destroy()
  }
})

test('nothing that admits is in the logs', async () => {
  const call = await fixture.seedCall(phone)
  await plays(`${ingest.url}/t/${call.pathToken}?token=${phone.token}`, {}, startText({}))
  await fetch(`${ingest.http}/v1/ingest/resolve/${phone.phoneToken}`)
  const text = fixture.logs.text()
  expect(text).toContain('stream opened')
  for (const secret of [call.pathToken, phone.token, phone.phoneToken, '9876543210']) {
    expect(text).not.toContain(secret)
  }
})

test('an upgrade that is no WebSocket is refused and hurts nobody', async () => {
  const status = await new Promise<number>((resolve, reject) => {
    const request = httpRequest(ingest.url.replace('ws:', 'http:'), {
      headers: { connection: 'upgrade', upgrade: 'h2c', ...basic(phone.key, phone.token) },
    })
    request.on('response', (response) => {
      resolve(response.statusCode ?? 0)
      response.resume()
    })
    request.on('error', reject)
    request.end()
  })
  expect(status).toBeGreaterThanOrEqual(400)
  expect((await fetch(`${ingest.http}/readyz`)).status).toBe(200)
})
