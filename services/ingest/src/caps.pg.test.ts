import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { edgeProof } from '@callwire/runtime'
import { macToken, parseMacRing } from '@callwire/crypto'
import { eventually, tcpProxy } from '@callwire/testkit'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createFixture, edgeKeys, type Fixture, type SeededPhone } from './testing/fixture.ts'
import { basic, dial, mediaTexts, pcmOf, startText, stopText } from './testing/wire-client.ts'

let fixture: Fixture
let ingest: Awaited<ReturnType<Fixture['start']>>
let phone: SeededPhone
let asPhone: Record<string, string>
beforeAll(async () => {
  fixture = await createFixture()
  ingest = await fixture.start()
})
beforeEach(async () => {
  phone = await fixture.seedPhone()
  asPhone = basic(phone.key, phone.token)
})
afterAll(() => fixture[Symbol.asyncDispose]())

const ring = parseMacRing(edgeKeys)
/** As the gateway's splice would pass on what a client of this address sent. */
const spliced = (address: string) => ({
  'x-forwarded-for': address,
  'x-callwire-edge': edgeProof((m) => macToken(ring, 'edge', m), address, Date.now() / 1000),
})

describe('caps.streams', () => {
  const openCall = async (sid: string) => {
    const call = await fixture.seedCall(phone, { sid })
    const client = await dial(ingest.url, asPhone)
    client.send(startText({ callSid: sid }), ...mediaTexts(pcmOf(3)))
    await fixture.eventsWith(call.tenantId, call.callId, 'stream.started')
    return { call, client }
  }

  test('refuses the handshake over it with 429, and says so once', async () => {
    await fixture.capStreams(phone.tenantId, 2)
    const one = await openCall('cap-1')
    const two = await openCall('cap-2')
    for (let i = 0; i < 3; i += 1) {
      await expect(dial(ingest.url, asPhone)).rejects.toThrow('refused 429')
    }
    const alerts = await eventually(async () => {
      const all = await fixture.alertsOf(phone.tenantId)
      return all.length > 0 ? all : null
    })
    expect(alerts).toMatchObject([{ code: 'stream_cap', severity: 'warn' }])
    // Another process is of one mind with this one, and has been told, too.
    const other = await fixture.start()
    await expect(dial(other.url, asPhone)).rejects.toThrow('refused 429')
    await other.stop()
    expect(await fixture.alertsOf(phone.tenantId)).toHaveLength(1)
    // Others are not this tenant, and its live calls go on.
    const stranger = await fixture.seedPhone()
    const free = await dial(ingest.url, basic(stranger.key, stranger.token))
    free.socket.terminate()
    one.client.send(stopText())
    expect(await one.client.closed).toEqual({ code: 1000, reason: 'stop' })
    await fixture.eventsWith(one.call.tenantId, one.call.callId, 'stream.ended')
    const three = await openCall('cap-3')
    for (const { client } of [two, three]) client.socket.terminate()
  })

  test('counts sockets that have not started yet, and gives their places back', async () => {
    await fixture.capStreams(phone.tenantId, 2)
    const waiting = await Promise.all([dial(ingest.url, asPhone), dial(ingest.url, asPhone)])
    await expect(dial(ingest.url, asPhone)).rejects.toThrow('refused 429')
    for (const client of waiting) client.socket.terminate()
    const again = await eventually(() => dial(ingest.url, asPhone).catch(() => null))
    again.socket.terminate()
  })

  test('admits a repeated handshake of a call whose first socket has not started', async () => {
    await fixture.capStreams(phone.tenantId, 1)
    const call = await fixture.seedCall(phone)
    const asked = await fetch(`${ingest.http}/v1/ingest/resolve/${phone.phoneToken}?CallSid=cap-in`)
    const { url } = (await asked.json()) as { url: string }
    const urls = [
      `${ingest.url}/t/${call.pathToken}`,
      ingest.url + url.slice(url.lastIndexOf('/t/')),
    ]
    for (const one of urls) {
      const first = await dial(one)
      const again = await dial(one)
      for (const other of urls.filter((each) => each !== one)) {
        await expect(dial(other)).rejects.toThrow('refused 429')
      }
      first.socket.terminate()
      again.socket.terminate()
      const other = await eventually(() => dial(ingest.url, asPhone).catch(() => null))
      other.socket.terminate()
      await eventually(async () => {
        const free = await dial(ingest.url, asPhone).catch(() => null)
        free?.socket.terminate()
        return free
      })
    }
  })

  test('admits any number in the same moment up to the cap and none beyond it', async () => {
    await fixture.capStreams(phone.tenantId, 3)
    const tries = await Promise.allSettled(
      Array.from({ length: 12 }, () => dial(ingest.url, asPhone)),
    )
    const opened = tries.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
    expect(opened).toHaveLength(3)
    for (const client of opened) client.socket.terminate()
  })

  test('lets another socket of a live call take over', async () => {
    await fixture.capStreams(phone.tenantId, 1)
    const { call, client } = await openCall('cap-over')
    const token = await fixture.mintToken(phone, call.callId)
    const second = await dial(`${ingest.url}/t/${token}`)
    second.send(startText({ callSid: 'cap-over' }), ...mediaTexts(pcmOf(3)))
    expect(await client.closed).toEqual({ code: 1012, reason: 'replaced' })
    // Not before: one that has left takes the call from nobody.
    second.send(stopText())
    expect(await second.closed).toEqual({ code: 1000, reason: 'stop' })
  })

  test('closes what came by its address alone once its call is found', async () => {
    const open = await fixture.start({ allowListAlone: true, allowedIps: ['127.0.0.1'] })
    await fixture.capStreams(phone.tenantId, 1)
    const { client } = await openCall('cap-first')
    const call = await fixture.seedCall(phone, { sid: 'cap-address' })
    const late = await dial(open.url)
    late.send(startText({ callSid: 'cap-address' }))
    expect(await late.closed).toEqual({ code: 1008, reason: 'too many streams' })
    expect(await fixture.streamsOf(call.tenantId, call.callId)).toEqual([])
    client.socket.terminate()
  })
})

describe('a client', () => {
  /** Handshakes that are judged for as long as the database says nothing. */
  async function stalled() {
    const proxy = await tcpProxy({ target: fixture.config.databaseUrl })
    const slow = await fixture.start({
      databaseUrl: proxy.through(fixture.config.databaseUrl),
      trustedProxies: ['127.0.0.1'],
    })
    proxy.stall()
    const statusOf = (headers: Record<string, string>) =>
      dial(slow.url, { ...asPhone, ...headers }).then(
        () => 'open',
        (error: unknown) => (error as Error).message,
      )
    return { proxy, slow, statusOf }
  }

  test('has 64 handshakes judged at once, however it is connected, and others have theirs', async () => {
    const { proxy, slow, statusOf } = await stalled()
    await using _proxy = proxy
    const [mine, mapped] = ['203.0.113.9', '::ffff:203.0.113.9']
    const held = Array.from({ length: 64 }, (_, i) =>
      statusOf(i % 2 === 0 ? spliced(mapped) : { 'x-forwarded-for': mine }),
    )
    // They are on their way in: the next ones find no place, wait a little, and are refused.
    await new Promise((resolve) => setTimeout(resolve, 2_000))
    const [next, spoofing, plain] = await Promise.all([
      statusOf(spliced(mine)),
      // What it says of itself in front of the proxy's word changes nothing.
      statusOf({ 'x-forwarded-for': `198.51.100.1, ${mine}` }),
      fetch(`${slow.http}/v1/ingest/resolve/${'x'.repeat(32)}`, {
        headers: { 'x-forwarded-for': mine },
      }),
    ])
    // Whoever looks after the process is not the one to be shut out.
    const health = await fetch(`${slow.http}/healthz`, { headers: { 'x-forwarded-for': mine } })
    expect(health.status).toBe(200)
    expect([next, spoofing]).toEqual(['refused 429', 'refused 429'])
    expect([plain.status, plain.headers.get('retry-after')]).toEqual([429, '1'])
    const elsewhere = statusOf(spliced('203.0.113.10'))
    proxy.resume()
    // Those that were judged too long are refused 503; none was refused for its number.
    expect(new Set(await Promise.all([...held, elsewhere]))).not.toContain('refused 429')
    await eventually(async () => (await statusOf(spliced(mine))) === 'open')
  })

  test('on the allow-list opens as many as it likes', async () => {
    await using proxy = await tcpProxy({ target: fixture.config.databaseUrl })
    const listed = await fixture.start({
      databaseUrl: proxy.through(fixture.config.databaseUrl),
      allowedIps: ['127.0.0.1'],
    })
    proxy.stall()
    const held = Array.from({ length: 80 }, () =>
      dial(listed.url, asPhone).catch((error: unknown) => (error as Error).message),
    )
    await new Promise((resolve) => setTimeout(resolve, 300))
    proxy.resume()
    for (const opened of await Promise.all(held)) {
      expect(opened).not.toBe('refused 429')
      if (typeof opened === 'object') opened.socket.terminate()
    }
  })

  test('that says nothing has 64 connections, and costs the others none', async () => {
    const text = 'GET /v1/ingest HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 203.0.113.'
    const sockets: Socket[] = []
    for (let i = 0; i < 150; i += 1) {
      const socket = connect(ingest.port, '127.0.0.1')
      sockets.push(socket)
      socket.on('error', () => undefined)
      socket.resume()
      await once(socket, 'connect')
      if (i % 2 === 0) socket.write(`${text}${i}\r\n`)
    }
    const call = await fixture.seedCall(phone)
    const client = await dial(`${ingest.url}/t/${call.pathToken}`)
    await eventually(() => sockets.filter((socket) => !socket.closed).length <= 64)
    client.send(startText({}), ...mediaTexts(pcmOf(5)), stopText())
    expect(await client.closed).toEqual({ code: 1000, reason: 'stop' })
    const metrics = await ingest.context.metrics.metrics.registry.metrics()
    expect(metrics).toMatch(/callwire_ingest_refused_total\{status="none"\} \d+/)
    for (const socket of sockets) socket.destroy()
  })
})
