import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { eventually } from '@callwire/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  contentKeys,
  createFixture,
  edgeKeys,
  type Fixture,
  type SeededPhone,
} from './testing/fixture.ts'
import { basic, dial, mediaTexts, pcmOf, startText, stopText } from './testing/wire-client.ts'

let fixture: Fixture
let phone: SeededPhone
beforeAll(async () => {
  fixture = await createFixture()
  phone = await fixture.seedPhone()
})
afterAll(() => fixture[Symbol.asyncDispose]())

describe('drain', () => {
  test('new sockets get 503, a live call ends by itself', async () => {
    const ingest = await fixture.start({ drainGraceMs: 20_000 })
    const call = await fixture.seedCall(phone)
    const client = await dial(`${ingest.url}/t/${call.pathToken}`)
    client.send(startText({}), ...mediaTexts(pcmOf(5)))
    await fixture.eventsWith(call.tenantId, call.callId, 'stream.started')
    const stopped = ingest.stop()
    const again = await fixture.seedCall(phone)
    await expect(dial(`${ingest.url}/t/${again.pathToken}`)).rejects.toThrow('refused 503')
    const ready = await fetch(`${ingest.http}/readyz`)
    expect(ready.status).toBe(503)
    expect(await ready.json()).toMatchObject({ checks: { accepting: 'draining' }, streams: 1 })
    client.send(...mediaTexts(pcmOf(5, 3), 7), stopText())
    expect(await client.closed).toEqual({ code: 1000, reason: 'stop' })
    await stopped
    const events = await fixture.events(call.tenantId, call.callId)
    expect(events.at(-1)?.data).toMatchObject({ frames: 10, reason: 'callended' })
  })

  test('a call that outlasts the grace closes 1012, and what it said is kept', async () => {
    const ingest = await fixture.start({ drainGraceMs: 300 })
    const call = await fixture.seedCall(phone)
    const client = await dial(`${ingest.url}/t/${call.pathToken}`)
    const pcm = pcmOf(8)
    client.send(startText({}), ...mediaTexts(pcm))
    await fixture.eventsWith(call.tenantId, call.callId, 'stream.started')
    const stopped = ingest.stop()
    expect(await client.closed).toEqual({ code: 1012, reason: 'drain' })
    await stopped
    const events = await fixture.events(call.tenantId, call.callId)
    expect(events.at(-1)?.data).toMatchObject({ frames: 8, reason: 'drain' })
    const entries = await fixture.entries(call.tenantId, call.callId)
    const audio = entries.flatMap((entry) => (entry.kind === 'audio' ? [entry.pcm] : []))
    expect(Buffer.concat(audio).equals(pcm)).toBe(true)
    expect(entries.at(-1)?.kind).toBe('end')
  })

  test('a successor gets the port at once, while the calls of the old process go on', async () => {
    const old = await fixture.start({ drainGraceMs: 20_000 })
    const call = await fixture.seedCall(phone)
    const client = await dial(`${old.url}/t/${call.pathToken}`)
    client.send(startText({}), ...mediaTexts(pcmOf(5)))
    await fixture.eventsWith(call.tenantId, call.callId, 'stream.started')
    await expect(fixture.start({ port: old.port })).rejects.toMatchObject({ code: 'EADDRINUSE' })
    const stopped = old.stop()
    const successor = await fixture.start({ port: old.port })
    expect(successor.port).toBe(old.port)
    const next = await fixture.seedCall(phone)
    const other = await dial(`${successor.url}/t/${next.pathToken}`)
    other.send(startText({}), ...mediaTexts(pcmOf(5)), stopText())
    expect((await other.closed).code).toBe(1000)
    client.send(...mediaTexts(pcmOf(5), 7), stopText())
    expect((await client.closed).code).toBe(1000)
    await stopped
    const events = await fixture.events(call.tenantId, call.callId)
    expect(events.at(-1)?.data).toMatchObject({ frames: 10 })
  })
})

describe('the process', () => {
  const main = fileURLToPath(new URL('main.ts', import.meta.url))
  const environment = () => ({
    DATABASE_URL: fixture.config.databaseUrl,
    REDIS_URL: fixture.config.redisUrl,
    CONTENT_KEYS: contentKeys,
    EDGE_KEYS: edgeKeys,
    JWT_SECRET: fixture.config.jwtSecret.reveal(),
    INGEST_PORT: '0',
    METRICS_PORT: '0',
    DRAIN_GRACE_MS: '200',
  })

  function run(env: NodeJS.ProcessEnv) {
    const child = spawn(process.execPath, [main], { env, stdio: ['pipe', 'pipe', 'pipe'] })
    let text = ''
    child.stderr.on('data', (chunk: Buffer) => (text += chunk.toString()))
    const exit = new Promise<number | null>((resolve) =>
      child.once('exit', (code) => resolve(code)),
    )
    return { child, exit, text: () => text }
  }

  test('starts, drains on SIGTERM and exits 0', async () => {
    const { child, exit, text } = run(environment())
    try {
      const line = await eventually(
        () =>
          text()
            .split('\n')
            .find((one) => one.includes('ingest listening')),
        { boundMs: 20_000 },
      )
      const { port } = JSON.parse(line) as { port: number }
      const client = await dial(`ws://127.0.0.1:${port}/v1/ingest`, basic(phone.key, phone.token))
      client.send(startText({ callSid: 'in-process' }), ...mediaTexts(pcmOf(3)))
      await eventually(async () =>
        (await fixture.callsOf(phone.tenantId)).find((call) => call.sid === 'in-process'),
      )
      child.kill('SIGTERM')
      expect(await client.closed).toEqual({ code: 1012, reason: 'drain' })
      expect(await exit).toBe(0)
    } finally {
      child.kill('SIGKILL')
    }
  })

  test('names a missing and a malformed variable, and exits as sysexits asks', async () => {
    const { CONTENT_KEYS: _without, ...rest } = environment()
    const { exit, text } = run({ ...rest, INGEST_PORT: 'eighty' })
    expect(await exit).toBe(78)
    expect(text()).toContain('CONTENT_KEYS is not set.')
    expect(text()).toContain('INGEST_PORT must be a port number')
    expect(text()).not.toContain('eighty')
  })
})
