import { eventually } from '@callwire/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { converse } from './testing/conversation.ts'
import { createFixture, type Fixture } from './testing/fixture.ts'
import { startForOneTest } from './testing/one-test.ts'

let fixture: Fixture
beforeAll(async () => {
  fixture = await createFixture()
})
afterAll(() => fixture[Symbol.asyncDispose]())

const start = startForOneTest((o) => fixture.start(o))

const { pcm } = converse(['0: alpha bravo charlie delta'])

test('of a call whose key is erased, what was not said is a gap, and that is its end', async () => {
  const call = await fixture.call()
  const socket = await fixture.socket(call)
  await socket.play(pcm)
  await fixture.eraseKey(call)
  await start()
  await socket.end()
  await fixture.done(call)
  expect(await fixture.finals(call)).toEqual([])
  expect(await fixture.gaps(call)).toEqual([
    { fromMs: 0, toMs: socket.clockMs(), reason: 'key_erased' },
  ])
})

test('of a call whose key opens with none that is held, the same once nobody waits for it any more', async () => {
  const call = await fixture.call()
  const socket = await fixture.socket(call)
  await socket.play(pcm)
  await fixture.loseKey(call)
  const patient = await start()
  await eventually(() => fixture.logs.text().includes('call could not be claimed'))
  await socket.end()
  await eventually(async () => (await fixture.row(call)).fence >= 3)
  expect((await fixture.row(call)).state).toBe('pending')
  await patient.stop()
  await start({ times: { keyWaitMs: 200 } })
  const events = await fixture.done(call)
  expect(await fixture.gaps(call)).toEqual([
    { fromMs: 0, toMs: socket.clockMs(), reason: 'key_unreadable' },
  ])
  expect(events.flatMap((e) => (e.type === 'alert' ? [e.data?.code] : []))).toEqual([
    'key_unreadable',
  ])
})
