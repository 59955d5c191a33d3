import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Stream } from '@callwire/contracts'
import { eventually } from '@callwire/testkit'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { startAnsweringGateway, type AnsweringGateway } from '../testing/answering-gateway.ts'
import { spoken } from '../streams/streams-table.ts'

let gateway: AnsweringGateway
beforeAll(async () => {
  gateway = await startAnsweringGateway()
})
afterAll(() => gateway[Symbol.asyncDispose]())
beforeEach(() => {
  gateway.answers = {}
  gateway.refusals = {}
  gateway.asked.length = 0
})

const at = '2026-01-05T10:00:00.000Z'
const stream = (n: number, more: Partial<Stream> = {}): Stream => ({
  id: `str_${String(n).padStart(24, '0')}`,
  callId: `cal_${String(n).padStart(24, '0')}`,
  phoneId: `phn_${'0'.repeat(24)}`,
  number: '+918047112233',
  direction: 'outbound',
  sampleRate: 8_000,
  ...{ openedAt: at, startedAt: at, heartbeatAt: at },
  ...{ ageMs: 187_000, heartbeatAgeMs: 1_240, stale: false },
  ...{ frames: 9_350, framesPerSecond: 50, audioMs: 187_000 },
  ...{ duplicated: 2, rewound: 1, gapsMs: 40, bufferedMs: 0, lagMs: 4_200 },
  ...more,
})
const first = 'GET streams?limit=100'
const page = (streams: Stream[], nextCursor: string | null = null) => ({ streams, nextCursor })

describe('streams', () => {
  test('shows a row for each and one for all', async () => {
    const silent = { stale: true, heartbeatAgeMs: 14_000, lagMs: null, bufferedMs: 900 }
    gateway.answers = { [first]: page([stream(2), stream(1, silent)]) }
    const { code, out, err } = await gateway.run('streams')
    expect([code, err]).toEqual([0, ''])
    expect(out.split('\n')).toEqual([
      'call                          number         age    frames  frames/s  dup/rewound  gaps  buffered  lag      heartbeat',
      'cal_000000000000000000000002  +918047112233  3m07s  9350    50        2/1          40ms  0ms       4.2s     1.2s',
      'cal_000000000000000000000001  +918047112233  3m07s  9350    50        2/1          40ms  900ms     -        14.0s STALE',
      '2 live                                              18700   100       4/2          80ms  900ms     <= 4.2s  1 stale',
      '',
    ])
  })

  test('says so when there are none', async () => {
    gateway.answers = { [first]: page([]) }
    expect(await gateway.run('streams')).toEqual({ code: 0, out: 'no live sockets\n', err: '' })
  })

  test('reads every page, of one phone where asked', async () => {
    const phone = `phn_${'0'.repeat(24)}`
    gateway.answers = {
      [`${first}&phoneId=${phone}`]: page([stream(2)], 'next'),
      [`${first}&phoneId=${phone}&cursor=next`]: page([stream(1)]),
    }
    const { out } = await gateway.run('streams', '--json', '--phone', phone)
    expect(JSON.parse(out)).toMatchObject({
      streams: [{ id: stream(2).id }, { id: stream(1).id }],
      nextCursor: null,
      totals: { sockets: 2, stale: 0, frames: 18_700, framesPerSecond: 100, longestLagMs: 4_200 },
    })
  })

  test.each(['0', '-1', 'often', '1.25'])('--every %s is wrong usage', async (text) => {
    const { code, err } = await gateway.run('streams', '--watch', '--every', text)
    expect([code, err]).toEqual([2, expect.stringContaining('a number of seconds')])
  })

  test('who may not look is told, also with --watch', async () => {
    gateway.refusals = { [first]: { code: 'forbidden' } }
    const { code, err } = await gateway.run('streams', '--watch')
    expect([code, err]).toEqual([1, expect.stringContaining('forbidden')])
  })
})

describe('streams --watch', () => {
  const main = fileURLToPath(new URL('../main.ts', import.meta.url))

  /** The command as a process of its own, which pipes and signals reach. */
  function watching(...args: string[]) {
    const child = spawn(process.execPath, [main, 'streams', '--watch', '--every', '0.1', ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: '', CALLWIRE_URL: gateway.url, CALLWIRE_API_KEY: 'cw_key' },
    })
    let [out, err] = ['', '']
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()))
    child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()))
    const ended = once(child, 'close') as Promise<[number | null, string | null]>
    return { child, ended, out: () => out, err: () => err }
  }

  test.each(['SIGINT', 'SIGTERM'] as const)(
    'goes on until %s, and writes no control codes into a pipe',
    async (signal) => {
      gateway.answers = { [first]: page([stream(1)]) }
      const command = watching()
      await eventually(() => command.out().split('1 live').length > 3, { boundMs: 15_000 })
      command.child.kill(signal)
      expect(await command.ended).toEqual([0, null])
      // eslint-disable-next-line no-control-regex -- it is what must not be there
      expect(command.out()).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/)
      expect(command.err()).toBe('')
    },
  )

  test('with --json, an object a line', async () => {
    gateway.answers = { [first]: page([stream(1)]) }
    const command = watching('--json')
    await eventually(() => command.out().split('\n').length > 3, { boundMs: 15_000 })
    command.child.kill('SIGINT')
    expect(await command.ended).toEqual([0, null])
    for (const line of command.out().trimEnd().split('\n')) {
      expect(JSON.parse(line)).toMatchObject({ totals: { sockets: 1 } })
    }
  })

  test('ends with whoever read it', async () => {
    gateway.answers = { [first]: page([stream(1)]) }
    const command = watching()
    await eventually(() => command.out() !== '', { boundMs: 15_000 })
    command.child.stdout.destroy()
    expect(await command.ended).toEqual([0, null])
    expect(command.err()).toBe('')
  })

  test('outlives a gateway that does not answer for a while', async () => {
    gateway.answers = { [first]: page([stream(1)]) }
    const command = watching()
    await eventually(() => command.out() !== '', { boundMs: 15_000 })
    gateway.answers = {}
    gateway.refusals = { [first]: { code: 'unavailable' } }
    await eventually(() => command.err().includes('trying again'), { boundMs: 15_000 })
    const seen = command.out().length
    gateway.answers = { [first]: page([stream(1)]) }
    await eventually(() => command.out().length > seen, { boundMs: 15_000 })
    command.child.kill('SIGINT')
    expect(await command.ended).toEqual([0, null])
  })
})

test.each([
  [0, '0ms'],
  [999, '999ms'],
  [1_000, '1.0s'],
  [59_999, '59.9s'],
  [60_000, '1m00s'],
  [3_599_999, '59m59s'],
  [3_600_000, '1h00m'],
  [7_380_000, '2h03m'],
])('%d ms reads %s', (ms, text) => {
  expect(spoken(ms)).toBe(text)
})
