import { setTimeout as sleep } from 'node:timers/promises'
import { eventually } from '@callwire/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { killService, startConstellation, type Constellation } from './constellation.ts'
import { prepareCalls, type Calls, type Way } from './media/calls.ts'
import { makeScript } from './media/make-script.ts'

const DRAIN_GRACE_MS = 12_000
/** What is left of a drain after its grace: ends on record, connections closed. */
const LAST_MS = 8_000
/** How long new sockets may be refused until a successor has the port. */
const SUCCESSOR_MS = 2_500
const ON_ITS_WAY_MS = 1_000

let system: Constellation
let calls: Calls
beforeAll(async () => {
  system = await startConstellation({
    ...{ DRAIN_GRACE_MS: String(DRAIN_GRACE_MS), EXOTEL_REQUESTS_PER_MINUTE: '10000' },
  })
  calls = await prepareCalls(system)
})
afterAll(() => system[Symbol.asyncDispose]())

const times = (n: number, way: Way): Way[] => Array.from({ length: n }, () => way)

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

test('an ingest that is asked to end under 50 calls loses only the rest of those that outlast its grace, and says so', async () => {
  await calls.speak(makeScript('ten-turns', 26))
  const outlasting = await calls.place([...times(15, 'person'), ...times(10, 'splice')])
  await calls.speak(makeScript('three-turns', 8))
  const ending = await calls.place(times(25, 'splice'))

  const old = killService(system, 'ingest', 'SIGTERM')
  const askedAt = performance.now()
  await sleep(SUCCESSOR_MS)
  const late = await calls.place(times(3, 'splice'))
  await eventually(() => !isAlive(old), {
    ...{ boundMs: DRAIN_GRACE_MS + LAST_MS, what: 'the end of the old ingest' },
  })
  expect(performance.now() - askedAt).toBeGreaterThan(DRAIN_GRACE_MS - 1_000)
  expect(system.output()).toMatch(/"process":"ingest"[^\n]*"code":0/)

  const closedMs = await calls.speaking(outlasting, 0)
  const problems = await calls.problems([...outlasting, ...ending, ...late], ({ callId }) => {
    const atMs = closedMs.get(callId)
    const fromMs = atMs === undefined ? 0 : atMs - LAST_MS - ON_ITS_WAY_MS
    return { mayMiss: atMs === undefined ? null : { fromMs, toMs: Infinity } }
  })
  expect(problems).toEqual([])
  const sockets = await Promise.all(
    outlasting.map(async (call) => (await calls.spoken(call)).sockets),
  )
  expect(new Set(sockets.flat().map(({ closeCode }) => closeCode))).toEqual(new Set([1012]))
})
