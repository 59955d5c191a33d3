import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
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

const at = '2026-01-05T10:00:00.000Z'
const webhook = {
  id: 'whe_1',
  url: 'https://example.com/hook',
  description: '',
  eventTypes: ['alert', 'call.status'],
  status: 'active',
  failingSince: null,
  createdAt: at,
}
const delivery = {
  id: 'msg_1',
  eventType: 'alert',
  state: 'pending',
  attempts: 2,
  createdAt: at,
  nextAttemptAt: at,
  lastAttemptAt: at,
  lastStatus: 500,
  lastError: null,
  finishedAt: null,
}

test('add prints the secret, and rotate-secret the next one', async () => {
  gateway.answers = {
    'POST webhooks': { webhook: { ...webhook, secret: 'whsec_a' } },
    'POST webhooks/whe_1/secret?overlapHours=0': { webhook: { ...webhook, secret: 'whsec_b' } },
    'POST webhooks/whe_1/secret?overlapHours=24': { webhook: { ...webhook, secret: 'whsec_c' } },
  }
  const added = await gateway.run(
    ...['webhooks', 'add', webhook.url, '--event', 'alert', '--event', 'call.status'],
  )
  expect(added.out).toBe('webhook whe_1\nsecret  whsec_a\n')
  const rotated = await gateway.run('webhooks', 'rotate-secret', 'whe_1', '--overlap-hours', '0')
  expect([rotated.code, rotated.out]).toEqual([0, 'secret  whsec_b\n'])
  const usual = await gateway.run('webhooks', 'rotate-secret', 'whe_1')
  expect(usual.out).toBe('secret  whsec_c\n')
})

test('list and deliveries tell whether messages arrive', async () => {
  const failing = { ...webhook, id: 'whe_2', failingSince: at }
  const off = { ...webhook, id: 'whe_3', status: 'disabled', disabledReason: 'gone' }
  gateway.answers = {
    'GET webhooks?limit=100': { webhooks: [webhook, failing, off], nextCursor: null },
    'GET webhooks/whe_1/deliveries?limit=100': {
      deliveries: [
        delivery,
        {
          ...delivery,
          id: 'msg_2',
          state: 'dead',
          lastError: 'timeout',
          nextAttemptAt: null,
          finishedAt: at,
        },
      ],
      nextCursor: null,
    },
  }
  const { out } = await gateway.run('webhooks', 'list')
  expect(out).toContain(`whe_2  active           failing since ${at}`)
  expect(out).toContain('disabled (gone)')
  const messages = (await gateway.run('webhooks', 'deliveries', 'whe_1')).out
  expect(messages).toContain(`msg_1  alert  pending  2         500      ${at}`)
  expect(messages).toContain(`msg_2  alert  dead     2         timeout  ${at}`)
})

test('each of the others asks the route of its name', async () => {
  const answers: AnsweringGateway['answers'] = {
    'PATCH webhooks/whe_1': { webhook: { ...webhook, url: 'https://example.org/' } },
    'POST webhooks/whe_1/enable': { webhook },
    'POST webhooks/whe_1/test': { delivery },
    'POST webhooks/whe_1/replay': { replayed: 3 },
    'DELETE webhooks/whe_1': null,
  }
  gateway.answers = answers
  for (const [args, says] of [
    [['change', 'whe_1', '--url', 'https://example.org'], 'leads to https://example.org/'],
    [['disable', 'whe_1'], 'turned off'],
    [['enable', 'whe_1'], 'turned on'],
    [['test', 'whe_1'], 'msg_1 is on its way'],
    [['replay', 'whe_1', '--since', at, '--state', 'dead'], '3 messages are on the way again'],
    [['remove', 'whe_1'], 'removed whe_1'],
  ] as const) {
    expect([args, await gateway.run('webhooks', ...args)]).toMatchObject([
      args,
      { code: 0, err: '', out: expect.stringContaining(says) as string },
    ])
  }
  expect(gateway.asked).toEqual([
    'PATCH webhooks/whe_1 {"url":"https://example.org"}',
    'PATCH webhooks/whe_1 {"status":"disabled"}',
    'POST webhooks/whe_1/enable',
    'POST webhooks/whe_1/test',
    `POST webhooks/whe_1/replay {"since":"${at}","state":"dead"}`,
    'DELETE webhooks/whe_1',
  ])
})

test.each([
  [['add', 'https://example.com'], '--event'],
  [['add', 'https://example.com', '--event', 'call.exploded'], 'call.status'],
  [['change', 'whe_1'], 'Say what to change'],
  [['rotate-secret', 'whe_1', '--overlap-hours', 'x'], 'whole number'],
  [['replay', 'whe_1'], 'Say which'],
  [['replay', 'whe_1', '--delivery', 'msg_1', '--since', at], 'Say which'],
  [['replay', 'whe_1', '--until', at], 'Say which'],
  [['deliveries', 'whe_1', '--state', 'lost'], 'pending, delivered, dead'],
])('webhooks %j is refused with a sentence, and nothing is asked', async (args, sentence) => {
  const { code, err, out } = await gateway.run('webhooks', ...args)
  expect([out, err]).toEqual(['', expect.stringContaining(sentence)])
  expect(code).not.toBe(0)
  expect(gateway.asked).toEqual([])
})
