import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { machine } from './config.ts'
import { root } from './constellation.ts'
import { collect } from './simulator.ts'

export type ChaosRun = {
  figures: { name: string; value: number; pass: boolean }[]
  problems: string[]
  pass: boolean
}

/** A bounded fault run, as `npm run chaos` starts it. Its arguments ask for JSON. */
export async function runChaos(...args: string[]): Promise<{ code: number | null; run: ChaosRun }> {
  const child = spawn(process.execPath, [join(root, 'tests/chaos/main.ts'), ...args], {
    cwd: root,
    stdio: ['pipe', 'pipe', 'pipe'],
    // It ends when this process does.
    env: { ...machine, CALLWIRE_PARENT_FD: '0' },
  })
  const [stdout, stderr] = [collect(child.stdout), collect(child.stderr)]
  const [code] = (await once(child, 'close')) as [number | null]
  if (stdout() === '') throw new Error(stderr())
  return { code, run: JSON.parse(stdout()) as ChaosRun }
}
