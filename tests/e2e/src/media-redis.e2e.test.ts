import { setTimeout as sleep } from 'node:timers/promises'
import { testRedis, type OwnRedis } from '@callwire/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startConstellation, type Constellation } from './constellation.ts'
import { ofType } from './expected-words.ts'
import { prepareCalls, type Calls } from './media/calls.ts'
import { makeScript } from './media/make-script.ts'

let redis: OwnRedis
let system: Constellation
let calls: Calls
beforeAll(async () => {
  redis = await testRedis({ own: true })
  system = await startConstellation({ REDIS_URL: redis.url })
  calls = await prepareCalls(system)
})
afterAll(async () => {
  await system[Symbol.asyncDispose]()
  await redis[Symbol.asyncDispose]()
})

/** What ingest is asked to keep for: ten seconds without Redis cost no word. */
const BEARABLE_MS = 10_000
const TOO_LONG_MS = 17_000
/** From Redis's return until ingest and transcriber are back at work. */
const BACK_AT_WORK_MS = 4_000
/** A word and the block that was on its way. */
const ON_ITS_WAY_MS = 1_000

const away = async (ms: number) => {
  await redis.kill()
  await sleep(ms)
  await redis.restart()
}

test('Redis killed, emptied and away for ten seconds costs no word; away for longer, an explicit gap', async () => {
  const live = await calls.place({
    ...{ script: makeScript('nineteen-turns', 50), ways: ['splice', 'direct', 'direct'] },
  })
  await calls.speakingTurn(live, 1)
  await away(0)
  await calls.speakingTurn(live, 3)
  await redis.flush()
  await calls.speakingTurn(live, 5)
  await away(BEARABLE_MS)
  const [wentMs] = [...(await calls.speakingTurn(live, 11)).values()]
  await away(TOO_LONG_MS)
  const spokenMs = await calls.speaking(live, 0)

  const lost = (callId: string) => ({
    fromMs: (wentMs ?? 0) - ON_ITS_WAY_MS,
    toMs: (spokenMs.get(callId) ?? 0) - BEARABLE_MS + BACK_AT_WORK_MS,
  })
  expect(await calls.problems(live, ({ callId }) => ({ mayMiss: lost(callId) }))).toEqual([])
  for (const call of live) {
    const gaps = ofType(await calls.told(call), 'stream.ended').flatMap(({ data }) => data.gaps)
    const lostMs = gaps.reduce((sum, { fromMs, toMs }) => sum + toMs - fromMs, 0)
    expect(lostMs).toBeGreaterThan(0)
  }
})
