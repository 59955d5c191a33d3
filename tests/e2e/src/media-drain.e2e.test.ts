import { eventually } from '@callwire/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { killService, startConstellation, type Constellation } from './constellation.ts'
import { prepareCalls, type Calls, type Way } from './media/calls.ts'
import { makeScript } from './media/make-script.ts'
import { busyMachine, nothing, restFrom } from './media/trials.ts'

/** Longer than a busy machine takes to start a successor, and than what is spoken briefly lasts by then. */
const DRAIN_GRACE_MS = 20_000
/** Spoken by the calls that outlast it, however long a busy machine takes to place the others. */
const OUTLASTING_SECONDS = 55
/** What is left of a drain after its grace: ends on record, connections closed. */
const LAST_MS = 8_000
/** For an end that takes milliseconds, and on a busy machine many seconds. */
const END_MS = 30_000

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

async function isAccepting(): Promise<boolean> {
  const url = `${system.runFile().ingestUrl.replace(/^ws/, 'http')}/readyz`
  return fetch(url).then(
    ({ ok }) => ok,
    () => false,
  )
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

test('an ingest that is asked to end under 50 calls loses only the rest of those that outlast its grace, and says so', async () => {
  await calls.speak(makeScript('outlasting', OUTLASTING_SECONDS))
  const outlasting = await calls.place([...times(15, 'person'), ...times(10, 'splice')])
  await calls.speak(makeScript('three-turns', 8))
  const ending = await calls.place(times(25, 'splice'))

  const old = killService(system, 'ingest', 'SIGTERM')
  const askedAt = performance.now()
  // The old one says that it accepts until the signal has reached it.
  const hasSuccessor = async () => system.runFile().pids['ingest'] !== old && (await isAccepting())
  await eventually(hasSuccessor, { boundMs: DRAIN_GRACE_MS, what: 'a successor' })
  expect(isAlive(old)).toBe(true)
  const late = await calls.place(times(3, 'splice'))
  await eventually(() => !isAlive(old), {
    ...{ boundMs: DRAIN_GRACE_MS + END_MS, what: 'the end of the old ingest' },
  })
  expect(performance.now() - askedAt).toBeGreaterThan(DRAIN_GRACE_MS - 1_000)
  expect(system.output()).toMatch(/"process":"ingest"[^\n]*"code":0/)

  const closedMs = await calls.speaking(outlasting, 0)
  const problems = await calls.problems([...outlasting, ...ending, ...late], ({ callId }) => {
    const atMs = closedMs.get(callId)
    return atMs === undefined ? nothing : restFrom(atMs - LAST_MS, busyMachine)
  })
  expect(problems).toEqual([])
  const sockets = await Promise.all(
    outlasting.map(async (call) => (await calls.spoken(call)).sockets),
  )
  expect(new Set(sockets.flat().map(({ closeCode }) => closeCode))).toEqual(new Set([1012]))
})
