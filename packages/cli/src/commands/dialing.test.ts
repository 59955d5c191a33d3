import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { startAnsweringGateway, type AnsweringGateway } from '../testing/answering-gateway.ts'

let gateway: AnsweringGateway
beforeAll(async () => {
  gateway = await startAnsweringGateway()
})
afterAll(() => gateway[Symbol.asyncDispose]())
beforeEach(() => {
  gateway.answers = {}
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
    caps: { calls: 10, callsPerPhone: null, callsPerAccount: null },
    callingHours: { windows: [{ days: ['mon', 'tue', 'wed'], from: '09:00', to: '21:00' }] },
    expireAfterMs: 86_400_000,
  }

  test('show says each rule in words', async () => {
    gateway.answers = { 'GET settings': { settings } }
    expect((await gateway.run('settings', 'show')).out.split('\n')).toEqual([
      'dialing           goes on',
      'calls at once     10',
      '  of each phone   off',
      '  of an account   off',
      'a call waits for  1d',
      'calling hours     mon-wed 09:00-21:00 where the person is',
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
  ])('set %j is refused', async (args, code, sentence) => {
    const result = await gateway.run('settings', 'set', ...args)
    expect([result.code, result.err]).toEqual([code, expect.stringContaining(sentence)])
    expect(gateway.asked).toEqual([])
  })
})

describe('never-call', () => {
  const id = 'nvc_0123456789abcdefghjkmnpq'
  const neverCall = {
    id,
    number: '+919876543210',
    reason: 'Asked',
    expiresAt: null,
    createdAt: since,
  }

  test('add says whom, how long, and by which id', async () => {
    gateway.answers = { 'POST never-call': { neverCall } }
    const { out } = await gateway.run('never-call', 'add', '09876543210', '--reason', 'Asked')
    expect(out).toBe(`+919876543210 is not called for good (${id})\n`)
    await gateway.run(
      'never-call',
      'add',
      '1',
      '--reason',
      'x',
      '--until',
      since,
      '--country',
      'US',
    )
    expect(gateway.asked).toEqual([
      'POST never-call {"number":"09876543210","country":"IN","reason":"Asked"}',
      `POST never-call {"number":"1","country":"US","reason":"x","expiresAt":"${since}"}`,
    ])
  })

  test('list says when there is more than it shows', async () => {
    gateway.answers = {
      'GET never-call?limit=100': { neverCall: [neverCall], nextCursor: 'more' },
    }
    const { out } = await gateway.run('never-call', 'list')
    expect(out).toContain(`${id}  +919876543210  for good  Asked`)
    expect(out).toContain('There are more')
  })

  test('remove takes an id, or a number that it looks for', async () => {
    const found = 'GET never-call?number=09876543210&country=IN'
    gateway.answers = {
      [`DELETE never-call/${id}`]: null,
      [found]: { neverCall: [neverCall], nextCursor: null },
    }
    expect((await gateway.run('never-call', 'remove', id)).out).toBe(`removed ${id}\n`)
    expect((await gateway.run('never-call', 'remove', '09876543210')).out).toBe(`removed ${id}\n`)
    expect(gateway.asked).toEqual([`DELETE never-call/${id}`, found, `DELETE never-call/${id}`])
    gateway.answers = { [found]: { neverCall: [], nextCursor: null } }
    const unknown = await gateway.run('never-call', 'remove', '09876543210')
    expect([unknown.code, unknown.err]).toEqual([1, expect.stringContaining('not on the list')])
  })
})

describe('calls reconcile', () => {
  const call = {
    id: 'cal_0123456789abcdefghjkmnpq',
    to: '+9198********',
    status: 'unknown',
    createdAt: since,
    reason: { code: 'needs_review', message: 'Exotel shows 2 calls that could be this one.' },
  }
  const parked = 'GET calls?status=unknown&reason=needs_review&limit=20'
  const candidates = [
    { sid: 'sid-a', status: 'in-progress', createdAt: since, durationSeconds: 7 },
    { sid: 'sid-b', status: null, createdAt: null, durationSeconds: null },
  ]

  test('without an id shows what is parked, what each may be, and how to answer', async () => {
    gateway.answers = {
      [parked]: { calls: [call], nextCursor: null },
      [`GET calls/${call.id}/candidates`]: { candidates },
    }
    expect((await gateway.run('calls', 'reconcile')).out.split('\n')).toEqual([
      `call ${call.id} to +9198********, dialed after ${since}: Exotel shows 2 calls that could be this one.`,
      '  sid    status       created                   seconds',
      `  sid-a  in-progress  ${since}  7`,
      '  sid-b  ?            ?                         ?',
      `  callwire calls reconcile ${call.id} --sid <sid> | --not-placed`,
      '',
    ])
    gateway.answers = { [parked]: { calls: [], nextCursor: null } }
    expect((await gateway.run('calls', 'reconcile')).out).toBe('no call waits for a person\n')
  })

  test('with an id shows that one, and says so when nothing is to be decided', async () => {
    gateway.answers = {
      [`GET calls/${call.id}`]: { call },
      [`GET calls/${call.id}/candidates`]: { candidates: [] },
    }
    expect((await gateway.run('calls', 'reconcile', call.id)).out).toContain('nothing to choose')
    gateway.answers[`GET calls/${call.id}`] = {
      call: { ...call, status: 'ringing', reason: undefined },
    }
    expect((await gateway.run('calls', 'reconcile', call.id)).out).toContain(
      'is ringing and does not wait for a person',
    )
  })

  test('sends the answer', async () => {
    gateway.answers = {
      [`POST calls/${call.id}/reconcile`]: { call: { ...call, status: 'ringing' } },
    }
    const { out } = await gateway.run('calls', 'reconcile', call.id, '--sid', 'sid-a')
    expect(out).toBe(`call ${call.id} is ringing\n`)
    await gateway.run('calls', 'reconcile', call.id, '--not-placed')
    expect(gateway.asked).toEqual([
      `POST calls/${call.id}/reconcile {"sid":"sid-a"}`,
      `POST calls/${call.id}/reconcile {"notPlaced":true}`,
    ])
  })

  test.each([
    [['--sid', 'a'], 1, 'Name the call'],
    [['--not-placed'], 1, 'Name the call'],
    [['cal_1', '--sid', 'a', '--not-placed'], 2, 'cannot be used with'],
  ])('%j is refused', async (args, code, sentence) => {
    const result = await gateway.run('calls', 'reconcile', ...args)
    expect([result.code, result.err]).toEqual([code, expect.stringContaining(sentence)])
    expect(gateway.asked).toEqual([])
  })
})

describe('around them', () => {
  test('calls list filters, and says why a call is where it is', async () => {
    const call = {
      id: 'cal_1',
      createdAt: since,
      status: 'queued',
      direction: 'outbound',
      to: '+9198********',
      reason: { code: 'waiting_for_budget', message: 'Waiting for the account, about 12 s.' },
    }
    const asked = 'GET calls?limit=20&status=queued&reason=waiting_for_budget'
    gateway.answers = { [asked]: { calls: [call], nextCursor: null } }
    const args = ['--status', 'queued', '--reason', 'waiting_for_budget']
    const { out } = await gateway.run('calls', 'list', ...args)
    expect(out).toContain('Waiting for the account, about 12 s.')
    expect((await gateway.run('calls', 'list', '--reason', 'because')).code).toBe(2)
  })

  test('calls cancel shows the call, with what is known of each side', async () => {
    const call = {
      ...{ id: 'cal_1', from: '+918047112233', to: '+9198********', direction: 'outbound' },
      status: 'canceled',
      reason: { code: 'canceled', message: 'Ended while it was live.' },
      legs: [
        { status: 'completed', seconds: 12, answeredBy: 'human', cause: null },
        { status: 'busy', seconds: null, answeredBy: null, cause: 'USER_BUSY' },
      ],
    }
    gateway.answers = { 'POST calls/cal_1/cancel': { call } }
    expect((await gateway.run('calls', 'cancel', 'cal_1')).out.split('\n')).toEqual([
      'call cal_1',
      '  +918047112233 → +9198********, outbound, canceled — Ended while it was live. (canceled)',
      '  leg 1: completed, 12 s, answered by human',
      '  leg 2: busy, USER_BUSY',
      '',
    ])
  })

  test('phones reset-breaker closes a breaker', async () => {
    gateway.answers = {
      'POST phones/phn_1/breaker/reset': { phone: { number: '+918047112233' } },
    }
    const { out } = await gateway.run('phones', 'reset-breaker', 'phn_1')
    expect(out).toBe('the breaker of +918047112233 is closed\n')
  })
})
