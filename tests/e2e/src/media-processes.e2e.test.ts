import { afterAll, beforeAll, expect, test } from 'vitest'
import { startConstellation, type Constellation } from './constellation.ts'
import { prepareCalls } from './media/calls.ts'
import { makeScript } from './media/make-script.ts'
import { noRedis } from './media/no-redis.ts'
import {
  breakTranscriber,
  busyMachine,
  killGateway,
  killIngest,
  takeOver,
  type World,
} from './media/trials.ts'

let system: Constellation
let world: World
beforeAll(async () => {
  // A callback that finds the gateway gone is not repeated for long: the poller asks soon.
  system = await startConstellation({ CALL_POLL_AFTER_MS: '3000' })
  const calls = await prepareCalls(system)
  world = { system, calls, redis: noRedis, machine: busyMachine }
})
afterAll(() => system[Symbol.asyncDispose]())

const fiveTurns = makeScript('five-turns', 13)
/** A busy machine takes its time to start a process. */
const eightTurns = makeScript('eight-turns', 21)

test('a transcriber killed, and one asked to end, in mid-utterance cost no word', async () => {
  await world.calls.speak(fiveTurns)
  const { problems } = await breakTranscriber(world, ['splice', 'splice', 'direct', 'person'])
  expect(problems).toEqual([])
})

test('of an ingest that was killed, what nobody heard is a gap, and who comes back is heard', async () => {
  await world.calls.speak(eightTurns)
  const { problems } = await killIngest(world, ['direct', 'direct', 'splice', 'person'])
  expect(problems).toEqual([])
})

test('a second socket for a call takes it over, and every word is told', async () => {
  await world.calls.speak(fiveTurns)
  expect((await takeOver(world, 2)).problems).toEqual([])
})

test('a gateway that was killed costs what came through it, which is a gap, and nothing else', async () => {
  await world.calls.speak(fiveTurns)
  const { problems } = await killGateway(world, ['splice', 'person', 'direct', 'direct'])
  expect(problems).toEqual([])
})
