import type { DialJob, Relayed } from '@callwire/bus'
import { captureLogs, manualClock } from '@callwire/testkit'
import { expect, test } from 'vitest'
import { createRelay } from './relay.ts'

const jobOf = (tenantId: string, n: number): DialJob => ({ tenantId, callId: `c${n}`, attempt: 1 })
const settled = () => new Promise((resolve) => setImmediate(resolve))

/** A relay over a line of which the test says how it answers; every round is remembered. */
function arrange(o: { most?: number; due?: DialJob[] } = {}) {
  const state = {
    due: o.due ?? [],
    answer: (jobs: readonly DialJob[]): Relayed => ({ known: [], added: jobs.length, left: 0 }),
    free: true,
    shut: new Set<string>(),
    rounds: [] as DialJob[][],
    passedOver: 0,
  }
  const clock = manualClock()
  const relay = createRelay(
    {
      clock,
      log: captureLogs().log,
      database: {
        finder: { dueCalls: (most: number) => Promise.resolve(state.due.slice(0, most)) },
        withTenant: () => {
          state.passedOver += 1
          return Promise.resolve()
        },
      },
      queues: {
        relayDials: (jobs: readonly DialJob[]) => {
          state.rounds.push([...jobs])
          return Promise.resolve(state.answer(jobs))
        },
      },
    } as unknown as Parameters<typeof createRelay>[0],
    {
      most: o.most ?? 8,
      pauseMs: 500,
      hasFreeWorkers: () => state.free,
      mayTake: (tenantId) => !state.shut.has(tenantId),
    },
  )
  const stop = new AbortController()
  return { state, clock, relay, stop, run: () => relay.run(stop.signal) }
}

test('a round that leaves nothing ends the run', async () => {
  const { state, run } = arrange({ due: [jobOf('a', 1), jobOf('b', 2)] })
  await run()
  expect(state.rounds).toEqual([[jobOf('a', 1), jobOf('b', 2)]])
})

test('what is left over goes on as soon as a quarter of the line was worked off', async () => {
  const { state, clock, relay, run } = arrange({ most: 8, due: [jobOf('a', 1)] })
  state.answer = () => ({ known: [], added: 0, left: 5 })
  const running = run()
  await settled()
  expect(state.rounds).toHaveLength(1)
  relay.worked()
  await settled()
  expect(state.rounds).toHaveLength(1)
  state.answer = () => ({ known: [], added: 1, left: 0 })
  relay.worked()
  await running
  expect(state.rounds).toHaveLength(2)
  expect(clock.sleepers()).toBe(0)
})

test('a line that nobody works off is looked at again after the pause', async () => {
  const { state, clock, run } = arrange({ due: [jobOf('a', 1)] })
  state.answer = () => ({ known: [], added: 0, left: 1 })
  const running = run()
  await settled()
  state.answer = () => ({ known: [], added: 1, left: 0 })
  await clock.advance(500)
  await running
  expect(state.rounds).toHaveLength(2)
})

test('an abort ends the run at once', async () => {
  const { state, stop, run } = arrange({ due: [jobOf('a', 1)] })
  state.answer = () => ({ known: [], added: 0, left: 1 })
  const running = run()
  await settled()
  stop.abort()
  await running
  expect(state.rounds).toHaveLength(1)
})

test('calls of a tenant that has its share of the workers wait in Postgres', async () => {
  const { state, stop, run } = arrange({ due: [jobOf('a', 1), jobOf('b', 2)] })
  state.shut.add('a')
  const running = run()
  await settled()
  expect(state.rounds).toEqual([[jobOf('b', 2)]])
  stop.abort()
  await running
})

test('a job that hangs for five seconds beside free workers is passed over, once', async () => {
  const stuck = jobOf('a', 1)
  const { state, clock, run } = arrange({ due: [stuck] })
  state.answer = () => ({ known: [stuck], added: 0, left: 0 })
  await run()
  await clock.advance(4_999)
  await run()
  expect(state.passedOver).toBe(0)
  await clock.advance(1)
  state.free = false
  await run()
  expect(state.passedOver).toBe(0)
  state.free = true
  await run()
  expect(state.passedOver).toBe(1)
  await run()
  expect(state.passedOver).toBe(1)
})

test('a job that was taken meanwhile is watched from anew', async () => {
  const job = jobOf('a', 1)
  const { state, clock, run } = arrange({ due: [job] })
  state.answer = () => ({ known: [job], added: 0, left: 0 })
  await run()
  state.answer = () => ({ known: [], added: 1, left: 0 })
  await run()
  await clock.advance(5_000)
  state.answer = () => ({ known: [job], added: 0, left: 0 })
  await run()
  expect(state.passedOver).toBe(0)
})
