import { expect, test } from 'vitest'
import type { Clock } from './clock.ts'
import { every } from './every.ts'
import { createLogger } from './logger.ts'

const settle = () => new Promise((resolve) => setImmediate(resolve))

/** A clock whose sleepers wake when told. */
function steppedClock() {
  const sleepers: { ms: number; wake: () => void }[] = []
  const clock: Clock = {
    now: () => 0,
    monotonicMs: () => 0,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        const abort = () => reject(new DOMException('aborted', 'AbortError'))
        if (signal?.aborted === true) abort()
        sleepers.push({ ms, wake: resolve })
        signal?.addEventListener('abort', abort)
      }),
  }
  const step = async () => {
    sleepers.shift()?.wake()
    await settle()
  }
  return { clock, sleepers, step }
}

function setUp() {
  const lines: string[] = []
  const log = createLogger({
    service: 't',
    level: 'info',
    stream: { write: (line) => void lines.push(line) },
  })
  return { lines, log, signal: new AbortController().signal, ...steppedClock() }
}

test('runs at once, then after each pause, and stops when disposed', async () => {
  const { clock, log, signal, sleepers, step } = setUp()
  let runs = 0
  const task = every(250, () => void (runs += 1), { clock, log, signal, name: 'count' })
  await settle()
  expect(runs).toBe(1)
  expect(sleepers[0]?.ms).toBe(250)
  await step()
  expect(runs).toBe(2)
  await task[Symbol.asyncDispose]()
  await step()
  expect(runs).toBe(2)
})

test('may begin later, and never when it is disposed before that', async () => {
  const { clock, log, signal, sleepers, step } = setUp()
  let runs = 0
  const run = () => void (runs += 1)
  const o = { clock, log, signal, name: 'count', firstAfterMs: 40 }
  const task = every(250, run, o)
  await settle()
  expect([runs, sleepers[0]?.ms]).toEqual([0, 40])
  await step()
  expect([runs, sleepers[0]?.ms]).toEqual([1, 250])
  await task[Symbol.asyncDispose]()
  const never = every(250, run, o)
  await never[Symbol.asyncDispose]()
  expect(runs).toBe(1)
})

test('goes on after a failure and logs its code only', async () => {
  const { clock, log, lines, signal, step } = setUp()
  let runs = 0
  const failing = () => {
    runs += 1
    throw new Error('words of a library')
  }
  const task = every(1, failing, { clock, log, signal, name: 'sweep' })
  await settle()
  await step()
  expect(runs).toBe(2)
  expect(lines[0]).toContain('"task":"sweep"')
  expect(lines.join('')).not.toContain('words of a library')
  await task[Symbol.asyncDispose]()
})

test('never overlaps: disposing waits for the run under way, whose signal it aborts', async () => {
  const { clock, log, signal } = setUp()
  const finish = Promise.withResolvers<undefined>()
  let aborted = false
  let disposed = false
  const task = every(
    1,
    async (taskSignal) => {
      await finish.promise
      aborted = taskSignal.aborted
    },
    { clock, log, signal, name: 'slow' },
  )
  const disposal = task[Symbol.asyncDispose]().then(() => {
    disposed = true
  })
  await settle()
  expect(disposed).toBe(false)
  finish.resolve(undefined)
  await disposal
  expect(aborted).toBe(true)
})
