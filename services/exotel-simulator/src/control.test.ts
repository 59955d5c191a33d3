import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { sampleCall } from './testing/sample-call.ts'
import { account, startSink, startWorld, until, type World } from './testing/world.ts'

let world: World
beforeAll(async () => {
  world = await startWorld()
})
afterAll(() => world.close())

describe('the control API', () => {
  it.each([
    ['accounts', { sid: 'x' }],
    ['accounts', { ...account, phones: ['anna'] }],
    ['accounts', { ...account, extra: 1 }],
    ['faults', { kind: 'earthquake' }],
    ['faults', { kind: 'slow' }],
    ['faults', { kind: 'frame_altered', index: -1 }],
    ['faults', { kind: 'cut', times: 0 }],
    ['script', { script: { name: 'x', speakers: [], turns: [] } }],
    [
      'script',
      {
        script: {
          name: 'x',
          speakers: [{ name: 'a', pitchHz: 99 }],
          turns: [{ speaker: 1, language: 'en', text: 'a' }],
        },
      },
    ],
    ['scenario', { outcome: 'asleep' }],
    ['inbound', {}],
  ])('refuses %s %j', async (path, body) => {
    const reply = await world.control(path, body)
    expect(reply.status).toBe(400)
    expect(JSON.parse(reply.text)).toMatchObject({ error: { message: /./ } })
  })
  it('refuses flows that are no addresses, and bodies that are no JSON', async () => {
    expect((await world.control('flows/1', { url: 'ftp://x' }, 'PUT')).status).toBe(400)
    expect((await world.control('flows/a.b', { url: 'ws://x' }, 'PUT')).status).toBe(400)
    const headers = { 'content-type': 'application/json' }
    expect((await world.send('POST', '/simulator/faults', { headers, body: '{' })).status).toBe(400)
    expect((await world.send('GET', '/simulator/calls/none')).status).toBe(404)
    expect((await world.send('GET', '/simulator/nonsense')).status).toBe(404)
    expect((await world.control('script', { script: 'none' })).status).toBe(404)
  })
  it('never says a key or a token', async () => {
    const pages = [
      '/',
      '/simulator/accounts',
      '/simulator/log',
      '/simulator/calls',
      '/simulator/faults',
    ]
    for (const path of pages) {
      const { text } = await world.send('GET', path)
      expect(text).not.toContain(account.apiToken)
      expect(text).not.toContain(account.apiKey)
    }
  })
  it('lists faults with whom they struck, and forgets them', async () => {
    const added = await world.control('faults', { kind: 'twice', times: 2 })
    const { fault } = JSON.parse(added.text) as { fault: { id: string } }
    const sid = world.sidOf(await world.connect(world.streamFields()))
    const list = JSON.parse((await world.send('GET', '/simulator/faults')).text) as {
      faults: unknown[]
    }
    expect(list.faults).toEqual([{ ...fault, taken: 1, calls: [sid] }])
    await world.send('DELETE', `/simulator/faults/${fault.id}`)
    expect((await world.send('GET', '/simulator/faults')).text).toBe('{"faults":[]}')
  })
  it('gives scripts by account and number, the last choice first', async () => {
    await world.control('script', { script: 'short', number: '0042' })
    await world.control('script', { script: 'no-numbers', number: '0042', accountSid: 'other' })
    const scripts = async (from: string) => {
      const sid = world.sidOf(await world.connect(world.streamFields({ From: from })))
      return world.simulator.exchange.get(sid)?.scriptName
    }
    expect(await scripts('+919000000042')).toBe('short')
    const rotation = [
      await scripts('+919000000001'),
      await scripts('+919000000001'),
      await scripts('+919000000001'),
    ]
    expect(new Set(rotation)).toEqual(
      new Set(['english-delivery', 'hindi-loan', 'hinglish-booking']),
    )
  })
  it('lets people hear a script', async () => {
    const reply = await world.send('GET', '/simulator/scripts/short.wav')
    expect(reply.headers['content-type']).toBe('audio/wav')
    expect(reply.text.slice(0, 4)).toBe('RIFF')
    expect((await world.send('GET', '/simulator/scripts/none.wav')).status).toBe(404)
  })
  it('has a page that says what it is', async () => {
    world.sidOf(await world.connect(world.streamFields({ CustomField: '<b>' })))
    const page = await world.send('GET', '/')
    expect(page.headers['content-type']).toContain('text/html')
    expect(page.text).toContain('<h1>Exotel simulator — not Exotel</h1>')
    expect(page.text).toContain('+9198********')
    expect(page.text).not.toContain('9876543210')
  })
  it('finds what it placed', async () => {
    const sid = world.sidOf(await world.connect(world.streamFields({ CustomField: 'cal_42' })))
    const calls = await world.send('GET', '/simulator/calls?customField=cal_42')
    expect(JSON.parse(calls.text)).toMatchObject({
      calls: [
        {
          callSid: sid,
          from: '+919876543210',
          callerId: '+918047112233',
          stream: /^127\.0\.0\.1:\d+$/,
        },
      ],
    })
    const log = await world.send('GET', `/simulator/log?kind=placed&callSid=${sid}`)
    expect(JSON.parse(log.text)).toMatchObject({ log: [{ callSid: sid, customField: 'cal_42' }] })
    expect(log.text).not.toContain('/status')
  })
  it('logs when a request to place a call came and when its reply was over', async () => {
    const life = async (customField: string) => {
      const { text } = await world.send('GET', '/simulator/log')
      const { log } = JSON.parse(text) as { log: Record<string, unknown>[] }
      return log.filter((line) => line['customField'] === customField && line['port'] !== undefined)
    }
    await world.connect(world.streamFields({ CustomField: 'cal_whole' }))
    await world.control('faults', { kind: 'cut' })
    await world
      .connect(world.streamFields({ CustomField: 'cal_cut' }))
      .catch(() => 'the reply was cut')
    for (const [customField, complete] of [
      ['cal_whole', true],
      ['cal_cut', false],
    ] as const) {
      await vi.waitUntil(async () => (await life(customField)).length === 2, { timeout: 15_000 })
      const [asked, answered] = await life(customField)
      expect(asked).toMatchObject({ kind: 'asked', accountSid: account.sid })
      expect(answered).toMatchObject({ kind: 'answered', port: asked?.['port'], complete })
    }
  })
})

describe('a data folder', () => {
  it('ends calls that were live when the process died, and says so', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'simulator-'))
    const sink = await startSink()
    try {
      const callback = { url: `${sink.http}/after`, events: [], contentType: 'application/json' }
      const call = sampleCall({ status: 'in-progress', endedAtMs: null })
      const line = JSON.stringify({ type: 'call', call: { ...call, callback } })
      await writeFile(join(dataDir, 'journal.jsonl'), `${line}\n{"type":"call","ca`)
      const after = await startWorld({ dataDir })
      const received = await until(() => sink.received.at(0))
      expect(JSON.parse(received.body)).toMatchObject({ CallSid: call.sid, Status: 'completed' })
      await after.close()
    } finally {
      await sink.close()
      await rm(dataDir, { recursive: true })
    }
  })
  it('keeps the log, and what a restart must not lose', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'simulator-'))
    try {
      const first = await startWorld({ dataDir })
      await first.control('script', { script: 'short' })
      const sid = first.sidOf(await first.connect(first.streamFields({ CustomField: 'cal_1' })))
      await until(() => first.simulator.exchange.get(sid)?.status === 'completed')
      await first.close()
      const log = await readFile(join(dataDir, 'log.jsonl'), 'utf8')
      const journal = await readFile(join(dataDir, 'journal.jsonl'), 'utf8')
      expect(log).toContain('"kind":"placed"')
      for (const secret of [account.apiKey, account.apiToken])
        expect(log + journal).not.toContain(secret)

      const second = await startWorld({ dataDir })
      const call = await second.read(`/v1/Accounts/acme1/Calls/${sid}.json`)
      expect(JSON.parse(call.text)).toMatchObject({ Call: { Sid: sid, Status: 'completed' } })
      const next = second.sidOf(await second.connect(second.streamFields()))
      expect(second.simulator.exchange.get(next)?.scriptName).toBe('short')
      await second.close()
    } finally {
      await rm(dataDir, { recursive: true })
    }
  })
})
