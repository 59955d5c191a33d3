import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { afterEach, beforeEach, describe, expect, it } from 'vitest'

const scripts = fileURLToPath(new URL('../../scripts', import.meta.url))
const lockModule = JSON.stringify(new URL('../../scripts/bootstrap/lock.mjs', import.meta.url).href)

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'callwire-bootstrap-'))
})
afterEach(() => {
  rmSync(dir, { recursive: true, force: true })
})

type Result = { code: number | null; stdout: string; stderr: string }

async function ended(child: ChildProcess): Promise<Result> {
  let stdout = ''
  let stderr = ''
  child.stdout?.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
  child.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
  return { code, stdout, stderr }
}

function node(...args: string[]): ChildProcess {
  return spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
}

/** Holds the lock for a moment, writing when it came in and when it left. */
function holder(file: string, log: string): ChildProcess {
  return node(
    '--input-type=module',
    '-e',
    `import { appendFileSync } from 'node:fs'
     import { withLock } from ${lockModule}
     await withLock(${JSON.stringify(file)}, async () => {
       appendFileSync(${JSON.stringify(log)}, 'in\\n')
       await new Promise((resolve) => setTimeout(resolve, 150))
       appendFileSync(${JSON.stringify(log)}, 'out\\n')
     })`,
  )
}

describe('the bootstrap’s lock', () => {
  it('lets one in at a time, also over a dead holder’s lock', async () => {
    const dead = node('-e', '')
    await ended(dead)
    const file = join(dir, 'lock')
    const log = join(dir, 'log')
    writeFileSync(file, String(dead.pid))
    const results = await Promise.all([1, 2, 3, 4].map(async () => ended(holder(file, log))))
    expect(results.map(({ code }) => code)).toEqual([0, 0, 0, 0])
    expect(readFileSync(log, 'utf8')).toBe('in\nout\n'.repeat(4))
    expect(readdirSync(dir)).toEqual(['log'])
  })
})

describe('run.mjs', () => {
  it('names the commands when it does not know one', async () => {
    const { code, stdout, stderr } = await ended(node(join(scripts, 'run.mjs'), 'dance'))
    expect(code).toBe(1)
    expect(stdout).toBe('')
    expect(stderr).toBe(
      'callwire: There is no command "dance": use one of demo, start, cli, test, check, bench, chaos, format.\n',
    )
  })
})

describe('handOver', () => {
  const handOver = JSON.stringify(
    new URL('../../scripts/bootstrap/hand-over.mjs', import.meta.url).href,
  )
  const run = (program: string): ChildProcess =>
    node(
      '--input-type=module',
      '-e',
      `import { handOver } from ${handOver}
       await handOver(${JSON.stringify(dir)}, process.execPath, ['-e', ${JSON.stringify(program)}])`,
    )

  it('ends with the exit code of what it ran', async () => {
    expect((await ended(run('process.exit(7)'))).code).toBe(7)
  })

  it('passes a signal on', async () => {
    const child = run(
      'process.on("SIGTERM", () => process.exit(9)); setInterval(() => {}, 1000); console.log("up")',
    )
    child.stdout?.once('data', () => child.kill('SIGTERM'))
    expect((await ended(child)).code).toBe(9)
  })

  it('lets what it ran notice that it was killed', async () => {
    const gone = join(dir, 'gone')
    const child = run(
      `const pipe = new (require("node:net").Socket)({ fd: Number(process.env.CALLWIRE_PARENT_FD) })
       pipe.on("end", () => { require("node:fs").writeFileSync(${JSON.stringify(gone)}, "gone"); process.exit() }).resume()
       console.log("up")`,
    )
    child.stdout?.once('data', () => child.kill('SIGKILL'))
    // The pipes close only when the program that inherited them has ended, too.
    await ended(child)
    expect(readFileSync(gone, 'utf8')).toBe('gone')
  })
})
