import { afterAll, beforeAll, expect, test } from 'vitest'
import { startAnsweringGateway, type AnsweringGateway } from '../testing/answering-gateway.ts'

let gateway: AnsweringGateway
beforeAll(async () => {
  gateway = await startAnsweringGateway()
})
afterAll(() => gateway[Symbol.asyncDispose]())

const calm = {
  days: { audio: 0, recordings: null, words: 30, numbers: 365 },
  due: { recordings: 0, words: 0, numbers: 0 },
  waitingForReceipt: 0,
  objectsToRemove: 0,
  lastSweep: null,
}
const at = '2026-01-05T10:00:00.000Z'

test.each([
  [
    calm,
    [
      '            kept for      calls past it',
      'recordings  until erased  0',
      'words       30d           0',
      'numbers     365d          0',
      'live audio that nobody read is kept for 1h',
      'nothing was ever erased',
    ],
  ],
  [
    {
      days: { ...calm.days, audio: 2 },
      due: { recordings: 0, words: 12, numbers: 3 },
      waitingForReceipt: 2,
      objectsToRemove: 4,
      lastSweep: {
        ...{ at, recordings: 0, words: 9, numbers: 1 },
        ...{ oldestEndedAt: at, newestEndedAt: at },
      },
    },
    [
      '            kept for      calls past it',
      'recordings  until erased  0',
      'words       30d           12',
      'numbers     365d          3',
      'live audio that nobody read is kept for 2d',
      '2 of these calls have no receipt yet, which is waited for',
      '4 erased recordings have objects in the store still',
      `last erased at ${at}: words of 9 calls, numbers of 1 calls, ended from ${at} to ${at}`,
    ],
  ],
])('status tells what is past its life: %j', async (retention, lines) => {
  gateway.answers = { 'GET retention': { retention } }
  const shown = await gateway.run('retention', 'status')
  expect(shown).toEqual({ code: 0, out: `${lines.join('\n')}\n`, err: '' })
  const json = await gateway.run('retention', 'status', '--json')
  expect(JSON.parse(json.out)).toEqual({ retention })
})
