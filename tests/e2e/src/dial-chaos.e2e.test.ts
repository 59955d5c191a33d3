import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { machine } from './config.ts'
import { root } from './constellation.ts'
import { collect } from './simulator.ts'

type Run = {
  figures: { name: string; value: number; pass: boolean }[]
  problems: string[]
  pass: boolean
}

/** Far above what a run takes on a busy machine. */
const runBoundMs = 540_000

/** A bounded fault run, as `npm run chaos -- dial` starts it. */
async function chaos(...args: string[]): Promise<{ code: number | null; run: Run }> {
  const child = spawn(process.execPath, [join(root, 'tests/chaos/main.ts'), 'dial', ...args], {
    cwd: root,
    stdio: ['pipe', 'pipe', 'pipe'],
    // It ends when this process does.
    env: { ...machine, CALLWIRE_PARENT_FD: '0' },
  })
  const [stdout, stderr] = [collect(child.stdout), collect(child.stderr)]
  const [code] = (await once(child, 'close')) as [number | null]
  if (stdout() === '') throw new Error(stderr())
  return { code, run: JSON.parse(stdout()) as Run }
}

const short = [
  '--json',
  '--tail',
  '10',
  '--accounts',
  '6',
  '--dialers',
  '3',
  '--timeout-ms',
  '2000',
]

test(
  'no call is dialed twice and none is lost while everything dies',
  async () => {
    const { code, run } = await chaos(...short, '--calls', '150', '--seconds', '20')
    expect(run.problems).toEqual([])
    expect(run.figures.filter(({ pass }) => !pass)).toEqual([])
    expect(code).toBe(0)
  },
  runBoundMs,
)

test(
  'a dialer that sends a request twice is found out',
  async () => {
    const broken = ['--instead', 'tests/chaos/fixtures/resending-dialer.ts']
    const { code, run } = await chaos(...short, ...broken, '--calls', '60', '--seconds', '6')
    const twice = run.figures.find(({ name }) => name === 'placed per call, at most')
    expect(twice).toMatchObject({ pass: false })
    expect(twice?.value).toBeGreaterThan(1)
    expect([code, run.pass]).toEqual([1, false])
  },
  runBoundMs,
)
