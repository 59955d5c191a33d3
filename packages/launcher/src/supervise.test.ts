import { captureLogs, eventually, manualClock } from '@callwire/testkit'
import { describe, expect, it } from 'vitest'

import { restartDelayMs } from './restart-delay.ts'
import { supervise, type Running } from './supervise.ts'

function fakeProcess(): {
  start: () => Promise<Running>
  die: (code?: number) => void
  /** The process of the moment says that it drains; gives its end. */
  drain: () => (code: number) => void
  started: () => number
  /** Pids that were told to stop. */
  stopped: readonly number[]
} {
  let started = 0
  let end: (exit: { code: number; signal: null }) => void = () => undefined
  let say = (): void => undefined
  const stopped: number[] = []
  return {
    started: () => started,
    stopped,
    die: (code = 1) => end({ code, signal: null }),
    drain() {
      const endIt = end
      say()
      return (code) => endIt({ code, signal: null })
    },
    async start() {
      started += 1
      const pid = started
      const { promise, resolve } = Promise.withResolvers<{ code: number; signal: null }>()
      const draining = Promise.withResolvers<undefined>()
      end = resolve
      say = () => draining.resolve(undefined)
      return Promise.resolve({
        pid,
        exited: promise,
        draining: draining.promise,
        stop: async () => {
          stopped.push(pid)
          resolve({ code: 0, signal: null })
          return Promise.resolve()
        },
      })
    },
  }
}

async function supervised() {
  const clock = manualClock()
  const process = fakeProcess()
  const logs = captureLogs()
  let told = 0
  let changes = 0
  const kept = await supervise({
    name: 'dialer',
    start: process.start,
    clock,
    log: logs.log,
    onChange: () => void (changes += 1),
    onMisconfigured: () => void (told += 1),
  })
  const dieAndWait = async (ms: number): Promise<void> => {
    process.die()
    await eventually(() => clock.sleepers() === 1)
    await clock.advance(ms)
  }
  return { clock, process, kept, dieAndWait, logs, told: () => told, changes: () => changes }
}

describe('supervise', () => {
  it.each([
    [1, false],
    [78, true],
  ])('knows whether exit code %i is the configuration’s fault: %s', async (code, fault) => {
    const { clock, process, kept } = await supervised()
    expect(kept.misconfigured()).toBe(false)
    process.die(code)
    await eventually(() => clock.sleepers() === 1)
    expect(kept.misconfigured()).toBe(fault)
    await kept.stop()
  })

  it('tells of a configuration’s fault at once, and waits for somebody to mend it', async () => {
    const { clock, process, kept, told } = await supervised()
    process.die(78)
    await eventually(() => clock.sleepers() === 1)
    expect(told()).toBe(1)
    await clock.advance(29_999)
    expect(process.started()).toBe(1)
    await clock.advance(1)
    expect(process.started()).toBe(2)
    await kept.stop()
  })

  it('starts a process that died again within 2 s', async () => {
    const { process, kept, dieAndWait } = await supervised()
    await dieAndWait(2_000)
    expect(process.started()).toBe(2)
    expect(kept.pid()).toBe(2)
    await kept.stop()
  })

  it('waits longer after each death in a row', async () => {
    const { process, kept, dieAndWait } = await supervised()
    await dieAndWait(200)
    await dieAndWait(200)
    expect(process.started()).toBe(2)
    expect(kept.deaths()).toBe(2)
    expect(kept.pid()).toBeNull()
    await kept.stop()
  })

  it('forgets deaths after a healthy life', async () => {
    const { clock, kept, dieAndWait } = await supervised()
    await dieAndWait(200)
    await clock.advance(30_000)
    await dieAndWait(200)
    expect(kept.deaths()).toBe(1)
    await kept.stop()
  })

  it('starts nothing once it was told to stop', async () => {
    const { clock, process, kept } = await supervised()
    await kept.stop()
    await clock.advance(60_000)
    expect(process.started()).toBe(1)
  })

  it('starts a successor at once for one that drains, and counts no death', async () => {
    const { process, kept, changes } = await supervised()
    process.drain()
    await eventually(() => kept.pid() === 2)
    expect(kept.deaths()).toBe(0)
    expect(changes()).toBe(1)
    await kept.stop()
  })

  it('lets a drained process end in its own time', async () => {
    const { process, kept, logs } = await supervised()
    const endFirst = process.drain()
    await eventually(() => kept.pid() === 2)
    endFirst(0)
    await eventually(() => logs.lines().find((line) => line['msg'] === 'drained process ended'))
    expect(logs.lines().filter((line) => line['msg'] === 'process died')).toEqual([])
    expect(process.started()).toBe(2)
    expect(kept.pid()).toBe(2)
    await kept.stop()
    expect(process.stopped).toEqual([2])
  })

  it('starts a successor that dies again as any other', async () => {
    const { process, kept, dieAndWait } = await supervised()
    process.drain()
    await eventually(() => kept.pid() === 2)
    await dieAndWait(200)
    await eventually(() => kept.pid() === 3)
    expect(kept.deaths()).toBe(1)
    await kept.stop()
  })

  it('takes several drains one after another, and ends all that is left with itself', async () => {
    const { process, kept } = await supervised()
    for (const pid of [2, 3, 4]) {
      process.drain()
      await eventually(() => kept.pid() === pid)
    }
    await kept.stop()
    expect([...process.stopped].sort()).toEqual([1, 2, 3, 4])
    expect(process.started()).toBe(4)
  })

  it('stops while it waits to start again', async () => {
    const { process, clock, kept } = await supervised()
    process.die()
    await eventually(() => clock.sleepers() === 1)
    await kept.stop()
    expect(process.started()).toBe(1)
  })
})

describe('restartDelayMs', () => {
  it.each([
    [1, 200],
    [2, 400],
    [4, 1_600],
    [8, 25_600],
    [20, 30_000],
  ])('after %d deaths is %d ms', (deaths, ms) => {
    expect(restartDelayMs(deaths)).toBe(ms)
  })
})
