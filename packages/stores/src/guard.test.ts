import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'

import { eventually, scratchDir } from './testing/index.ts'
import { describe, expect, it, onTestFinished } from 'vitest'

import { portState, freePorts } from './free-port.ts'
import { startGuarded } from './start-guarded.ts'

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

const forever = ['-e', 'setInterval(() => {}, 1000)']
const deaf = ['-e', 'process.on("SIGTERM", () => {}); setInterval(() => {}, 1000)']

describe('startGuarded', () => {
  it('runs a program until it is stopped', async () => {
    const guarded = await startGuarded(
      { command: process.execPath, args: forever, env: {}, stopSignal: 'SIGTERM', graceMs: 5_000 },
      'ignore',
    )
    expect(isAlive(guarded.pid)).toBe(true)
    await guarded.stop()
    expect(isAlive(guarded.pid)).toBe(false)
    expect(await guarded.exited).toEqual({ code: null, signal: 'SIGTERM' })
  })

  it('kills a program that does not listen', async () => {
    const guarded = await startGuarded(
      { command: process.execPath, args: deaf, env: {}, stopSignal: 'SIGTERM', graceMs: 300 },
      'ignore',
    )
    await guarded.stop()
    expect(isAlive(guarded.pid)).toBe(false)
  })

  it('says how a program ended by itself', async () => {
    const guarded = await startGuarded(
      {
        command: process.execPath,
        args: ['-e', 'setTimeout(() => process.exit(3), 300)'],
        env: {},
        stopSignal: 'SIGTERM',
        graceMs: 1_000,
      },
      'ignore',
    )
    expect(await guarded.exited).toEqual({ code: 3, signal: null })
  })

  it('says when there is no such program', async () => {
    const spec = {
      command: '/no/such/program',
      env: {},
      stopSignal: 'SIGTERM',
      graceMs: 1,
    } as const
    const outcome = await startGuarded(spec, 'ignore').then(
      async (guarded) => guarded.exited,
      () => 'rejected',
    )
    // With or without the helper that binds it to its guard, it never counts as running well.
    expect(outcome).not.toEqual({ code: 0, signal: null })
  })

  it.each(['asker', 'guard'])('ends the program when its %s is killed', async (victim) => {
    const dir = await scratchDir('guard')
    // With its guard killed, nobody is left who would remove it.
    onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
    mkdirSync(join(dir, 'gone'))
    const script = `
      import { startGuarded } from ${JSON.stringify(import.meta.resolve('./start-guarded.ts'))}
      const guarded = await startGuarded(${JSON.stringify({
        command: process.execPath,
        args: forever,
        env: {},
        stopSignal: 'SIGTERM',
        graceMs: 2_000,
        removeAfter: [dir],
      })}, 'ignore')
      console.log(guarded.pid)
      setInterval(() => {}, 1000)`
    const asker = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const pid = await new Promise<number>((resolve) => {
      asker.stdout.once('data', (text: Buffer) => resolve(Number(text.toString())))
    })
    try {
      expect(isAlive(pid)).toBe(true)
      if (victim === 'asker') asker.kill('SIGKILL')
      else process.kill(await parentOf(pid), 'SIGKILL')
      await eventually(() => !isAlive(pid))
      if (victim === 'asker') await eventually(() => !existsSync(dir))
    } finally {
      asker.kill('SIGKILL')
    }
  })
})

async function parentOf(pid: number): Promise<number> {
  const ps = spawn('ps', ['-o', 'ppid=', '-p', String(pid)])
  return new Promise((resolve) => {
    ps.stdout.once('data', (text: Buffer) => resolve(Number(text.toString())))
  })
}

describe('freePorts', () => {
  it('are different and free', async () => {
    const ports = await freePorts(5)
    expect(new Set(ports).size).toBe(5)
    expect(await Promise.all(ports.map(async (port) => portState(port)))).toEqual(
      ports.map(() => 'free'),
    )
  })

  it('are none that an outgoing connection could take before the listener does', async () => {
    for (const port of await freePorts(50)) expect(port).toBeLessThan(32_768)
  })
})
