import { testRedis, type OwnRedis } from '@callwire/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startConstellation, type Constellation } from './constellation.ts'
import { prepareCalls } from './media/calls.ts'
import { makeScript } from './media/make-script.ts'
import { gapsOf } from './media/receipt-sums.ts'
import { breakRedis, busyMachine, loseRedis, type World } from './media/trials.ts'

let redis: OwnRedis
let system: Constellation
let world: World
beforeAll(async () => {
  redis = await testRedis({ own: true })
  system = await startConstellation({ REDIS_URL: redis.url })
  world = { system, calls: await prepareCalls(system), redis, machine: busyMachine }
})
afterAll(async () => {
  await system[Symbol.asyncDispose]()
  await redis[Symbol.asyncDispose]()
})

test('Redis killed, emptied, and away for seconds in mid-call costs no word', async () => {
  await world.calls.speak(makeScript('twelve-turns', 31))
  const { problems } = await breakRedis(world, ['splice', 'direct', 'person'])
  expect(problems).toEqual([])
})

test('Redis away for longer than ingest keeps audio costs an explicit gap', async () => {
  await world.calls.speak(makeScript('ten-turns', 26))
  const { live, problems } = await loseRedis(world, ['splice', 'direct'])
  expect(problems).toEqual([])
  for (const call of live) {
    const gaps = gapsOf(await world.calls.told(call))
    expect(gaps.reduce((sum, { fromMs, toMs }) => sum + toMs - fromMs, 0)).toBeGreaterThan(0)
  }
})
