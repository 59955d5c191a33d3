import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { startAnsweringGateway, type AnsweringGateway } from '../testing/answering-gateway.ts'

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

const quiet = {
  paused: false,
  pausedForAll: false,
  pausedReason: null,
  waiting: {},
  oldestDueAt: null,
  parked: 0,
}
const since = '2026-01-05T10:00:00.000Z'

describe('dialing', () => {
  test.each([
    [quiet, ['dialing goes on', '  waiting  nothing']],
    [
      { ...quiet, waiting: { due: 3, waiting_for_budget: 12 }, oldestDueAt: since, parked: 2 },
      [
        'dialing goes on',
        '  waiting  3 due, 12 waiting_for_budget',
        `  longest  since ${since}`,
        '  parked   2, for a person to decide (`callwire calls reconcile`)',
      ],
    ],
    [
      { ...quiet, paused: true, pausedForAll: true, pausedReason: 'Maintenance' },
      [
        'dialing is paused for this tenant (`callwire dialing resume` goes on)',
        'dialing is paused for everybody by the operator: Maintenance',
        '  waiting  nothing',
      ],
    ],
  ])('status tells how it stands: %j', async (dialing, lines) => {
    gateway.answers = { 'GET dialing': { dialing } }
    expect(await gateway.run('dialing', 'status')).toEqual({
      code: 0,
      out: `${lines.join('\n')}\n`,
      err: '',
    })
    const json = await gateway.run('dialing', 'status', '--json')
    expect(JSON.parse(json.out)).toEqual({ dialing })
  })

  test('pause and resume turn the tenant’s switch', async () => {
    gateway.answers = {
      'POST dialing/pause': { dialing: { ...quiet, paused: true } },
      'POST dialing/resume': { dialing: quiet },
    }
    expect((await gateway.run('dialing', 'pause')).out).toContain('paused for this tenant')
    expect((await gateway.run('dialing', 'resume')).out).toContain('dialing goes on')
    expect(gateway.asked).toEqual(['POST dialing/pause', 'POST dialing/resume'])
  })

  test('with --everybody the install’s', async () => {
    const paused = { paused: true, reason: 'Maintenance', changedAt: since }
    gateway.answers = {
      'PATCH install/dialing': { dialing: paused },
      'GET install/dialing': { dialing: { ...paused, paused: false, reason: null } },
    }
    const { out } = await gateway.run('dialing', 'pause', '--everybody', '--reason', 'Maintenance')
    expect(out).toBe(`dialing is paused for everybody since ${since}: Maintenance\n`)
    const status = await gateway.run('dialing', 'status', '--everybody')
    expect(status.out).toBe('dialing is not paused for everybody\n')
    await gateway.run('dialing', 'resume', '--everybody')
    expect(gateway.asked).toEqual([
      'PATCH install/dialing {"paused":true,"reason":"Maintenance"}',
      'GET install/dialing',
      'PATCH install/dialing {"paused":false}',
    ])
  })

  test('a reason that nobody would see is refused', async () => {
    const { code, err } = await gateway.run('dialing', 'pause', '--reason', 'Lunch')
    expect([code, err]).toEqual([1, expect.stringContaining('--everybody')])
    expect(gateway.asked).toEqual([])
  })
})

describe('settings', () => {
  const settings = {
    dialingPaused: false,
    dialingPausedForAll: false,
    caps: { calls: 10, callsPerPhone: null, callsPerAccount: null, streams: 50 },
    retentionDays: { audio: 0, recordings: 90, words: null, numbers: 365 },
    callingHours: { windows: [{ days: ['mon', 'tue', 'wed'], from: '09:00', to: '21:00' }] },
    expireAfterMs: 86_400_000,
  }

  test('show says each rule in words', async () => {
    gateway.answers = { 'GET settings': { settings } }
    expect((await gateway.run('settings', 'show')).out.split('\n')).toEqual([
      'dialing            goes on',
      'calls at once      10',
      '  of each phone    off',
      '  of an account    off',
      'media sockets      50',
      'a call waits for   1d',
      'calling hours      mon-wed 09:00-21:00 where the person is',
      'unread audio kept  1h',
      'recordings kept    90d',
      'words kept         until erased',
      'numbers kept       365d',
      '',
    ])
  })

  test.each<[string[], object]>([
    [
      ['--max-calls', '10', '--max-calls-per-phone', 'off'],
      { caps: { calls: 10, callsPerPhone: null } },
    ],
    [['--expire-after', '12h'], { expireAfterMs: 43_200_000 }],
    [['--expire-after', 'off'], { expireAfterMs: null }],
    [['--hours', 'off'], { callingHours: null }],
    [['--max-streams', '50'], { caps: { streams: 50 } }],
    [['--keep-audio', '1h'], { retentionDays: { audio: 0 } }],
    [
      ['--keep-audio', '2d', '--keep-recordings', '90d', '--keep-words', 'off'],
      { retentionDays: { audio: 2, recordings: 90, words: null } },
    ],
    [['--keep-numbers', '365d'], { retentionDays: { numbers: 365 } }],
    [
      ['--hours', 'mon 09:00-13:00', '--hours', 'mon 14:00-21:00', '--zone', 'Asia/Kolkata'],
      {
        callingHours: {
          windows: [
            { days: ['mon'], from: '09:00', to: '13:00' },
            { days: ['mon'], from: '14:00', to: '21:00' },
          ],
          zone: 'Asia/Kolkata',
        },
      },
    ],
  ])('set %j', async (args, body) => {
    gateway.answers = { 'PATCH settings': { settings } }
    expect(await gateway.run('settings', 'set', ...args)).toMatchObject({ code: 0, err: '' })
    expect(gateway.asked).toEqual([`PATCH settings ${JSON.stringify(body)}`])
  })

  test.each([
    [[], 1, 'Nothing to set'],
    [['--zone', 'Asia/Kolkata'], 1, 'name both'],
    [['--hours', 'off', '--hours', 'mon 09:00-10:00'], 1, 'stands alone'],
    [['--hours', 'always'], 1, 'mon-fri 09:00-21:00'],
    [['--max-calls', '0'], 2, 'a number of calls'],
    [['--expire-after', 'soon'], 2, '30m, 12h or 7d'],
    [['--keep-audio', 'off'], 2, '1h, or 1d to 7d'],
    [['--keep-words', '12h'], 2, 'like 30d, or off'],
    [['--keep-numbers', '0d'], 2, 'like 30d, or off'],
  ])('set %j is refused', async (args, code, sentence) => {
    const result = await gateway.run('settings', 'set', ...args)
    expect([result.code, result.err]).toEqual([code, expect.stringContaining(sentence)])
    expect(gateway.asked).toEqual([])
  })
})
