import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { eventually, scratchDir } from '@callwire/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { machine } from './config.ts'
import { root } from './constellation.ts'
import { collect } from './simulator.ts'

const entry = join(root, 'packages/launcher/src/main.ts')
const anyPort = {
  GATEWAY_PORT: '0',
  INGEST_PORT: '0',
  COPILOT_PORT: '0',
  METRICS_PORT: '0',
  SIMULATOR_PORT: '0',
}

let dataDir: string
beforeAll(async () => {
  dataDir = await scratchDir('demo')
})
afterAll(() => rm(dataDir, { recursive: true, force: true }))

function demo(...args: string[]) {
  const child = spawn(process.execPath, [entry, 'demo', ...args], {
    cwd: root,
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...machine, ...anyPort, CALLWIRE_DATA_DIR: dataDir, CALLWIRE_PARENT_FD: '0' },
  })
  const read = collect(child.stdout, child.stderr)
  const ended = once(child, 'exit').then(([code]) => code as number | null)
  return { child, read, ended }
}

const isAlive = (pid: number) => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

const pids = () =>
  Object.values(
    (
      JSON.parse(readFileSync(join(dataDir, 'run.json'), 'utf8')) as {
        pids: Record<string, number>
      }
    ).pids,
  )

test('--once prints the call as it was spoken, masked, with its receipt, and exits 0', async () => {
  const { read, ended } = demo('--once')
  expect(await ended).toBe(0)
  const lines = read().split('\n')
  const said = lines.flatMap(
    (line) => /^\[\d\d:\d\d\.\d\] \w+: (.*?) {3}\(\+\d+ ms\)$/.exec(line)?.[1] ?? [],
  )
  expect(said).toEqual([
    'Hello, this is Asha from Blue Cart about your order.',
    'Yes, please call me on [phone].',
    'Thank you, we deliver on Friday.',
    'Great, goodbye.',
  ])
  expect(read()).toMatch(/^Receipt: 4 utterances .* nothing was lost/m)
  expect(existsSync(join(dataDir, 'run.json'))).toBe(false)
})

// A crash first: each of the others then begins in what it left behind.
test.each(['SIGKILL', 'SIGINT', 'SIGTERM'] as const)(
  '%s leaves no process, and the next run begins at once',
  async (signal) => {
    const { child, read, ended } = demo()
    await eventually(() => /^ready \{/m.test(read()), { boundMs: 90_000, what: 'ready' })
    const running = pids()
    // Seven services, two stores, and the launcher.
    expect(running.length).toBe(10)
    if (signal === 'SIGTERM') await expectRefusal()
    child.kill(signal)
    await ended
    await eventually(() => running.every((pid) => !isAlive(pid)), {
      boundMs: 20_000,
      what: 'the end of every process',
    })
  },
)

/** Two systems never share a data directory. */
async function expectRefusal() {
  const second = demo('--once')
  expect(await second.ended).toBe(1)
  expect(second.read()).toMatch(/callwire: .*data directory/i)
}
