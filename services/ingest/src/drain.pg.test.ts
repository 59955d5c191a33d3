import { eventually } from '@callwire/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createFixture, type Fixture, type SeededPhone } from './testing/fixture.ts'
import { processEnvironment, startProcess } from './testing/process.ts'
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
  const environment = () => ({ ...processEnvironment(fixture), DRAIN_GRACE_MS: '200' })

  test('starts, drains on SIGTERM and exits 0', async () => {
    await using ingest = startProcess(environment())
    const client = await dial(await ingest.url(), basic(phone.key, phone.token))
    client.send(startText({ callSid: 'in-process' }), ...mediaTexts(pcmOf(3)))
    await eventually(async () =>
      (await fixture.callsOf(phone.tenantId)).find((call) => call.sid === 'in-process'),
    )
    ingest.signal('SIGTERM')
    expect(await client.closed).toEqual({ code: 1012, reason: 'drain' })
    expect(await ingest.exited).toBe(0)
  })

  test('names a missing and a malformed variable, and exits as sysexits asks', async () => {
    const { CONTENT_KEYS: _without, ...rest } = environment()
    await using ingest = startProcess({ ...rest, INGEST_PORT: 'eighty' })
    expect(await ingest.exited).toBe(78)
    expect(ingest.log()).toContain('CONTENT_KEYS is not set.')
    expect(ingest.log()).toContain('INGEST_PORT must be a port number')
    expect(ingest.log()).not.toContain('eighty')
  })
})
