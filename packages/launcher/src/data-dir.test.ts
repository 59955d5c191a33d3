import { spawn } from 'node:child_process'
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'

import { eventually, scratchDir } from '@callwire/testkit'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import { takeDataDir } from './data-dir.ts'
import { keptSecret } from './kept-secret.ts'
import { removeRunFile, writeRunFile } from './run-file.ts'

let dir: string
beforeEach(async () => {
  dir = await scratchDir('data-dir')
})
afterEach(async () => {
  await rm(dir, { recursive: true, force: true })
})

/** A pid that was somebody's and is nobody's now. */
async function deadPid(): Promise<number> {
  const child = spawn(process.execPath, ['-e', ''], { stdio: 'ignore' })
  await new Promise((resolve) => child.once('exit', resolve))
  return child.pid ?? 0
}

describe('takeDataDir', () => {
  it('makes a directory that is not there, and leaves no lock behind', async () => {
    const path = join(dir, 'deep', 'data')
    const taken = await takeDataDir(path)
    expect(readFileSync(join(path, 'lock'), 'utf8')).toBe(String(process.pid))
    await taken.release()
    expect(existsSync(join(path, 'lock'))).toBe(false)
  })

  it('takes over the lock of a process that is no more', async () => {
    writeFileSync(join(dir, 'lock'), String(await deadPid()))
    const taken = await takeDataDir(dir)
    expect(readFileSync(join(dir, 'lock'), 'utf8')).toBe(String(process.pid))
    await taken.release()
  })

  it.each(['', 'no pid', '-4', '0'])('takes over a lock that says %j', async (content) => {
    writeFileSync(join(dir, 'lock'), content)
    const taken = await takeDataDir(dir)
    await taken.release()
  })

  it('names the process that holds it, in one sentence', async () => {
    const holder = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], {
      stdio: 'ignore',
    })
    try {
      writeFileSync(join(dir, 'lock'), String(holder.pid))
      await expect(takeDataDir(dir)).rejects.toThrow(
        `Another Callwire (process ${String(holder.pid)}) is using the data directory ${dir}: stop it, or set CALLWIRE_DATA_DIR to another directory.`,
      )
    } finally {
      holder.kill('SIGKILL')
    }
  })

  it('leaves no lock and no run.json behind when its process is killed', async () => {
    const script = `
      import { takeDataDir } from ${JSON.stringify(import.meta.resolve('./data-dir.ts'))}
      await takeDataDir(${JSON.stringify(dir)})
      console.log('taken')
      setInterval(() => {}, 1000)`
    const holder = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    await new Promise((resolve) => holder.stdout.once('data', resolve))
    writeFileSync(join(dir, 'run.json'), '{}')
    holder.kill('SIGKILL')
    await eventually(() => !existsSync(join(dir, 'lock')) && !existsSync(join(dir, 'run.json')))
  })
})

describe('keptSecret', () => {
  it('is made once, is the same ever after, and is for this user alone', () => {
    const first = keptSecret(dir, 'JWT_SECRET', () => 'one')
    expect(keptSecret(dir, 'JWT_SECRET', () => 'two')).toBe(first)
    expect(statSync(join(dir, 'secrets', 'JWT_SECRET')).mode & 0o777).toBe(0o600)
  })

  it('is made again when a crash left it empty', () => {
    keptSecret(dir, 'JWT_SECRET', () => 'one')
    writeFileSync(join(dir, 'secrets', 'JWT_SECRET'), '')
    expect(keptSecret(dir, 'JWT_SECRET', () => 'two')).toBe('two')
  })
})

describe('writeRunFile', () => {
  it('is for this user alone and goes away', () => {
    writeRunFile(dir, {
      gatewayUrl: 'http://g',
      ingestUrl: 'ws://i',
      copilotUrl: 'ws://c',
      databaseUrl: 'postgres://d',
      redisUrl: 'redis://r',
      keysFile: null,
      pids: { launcher: 1 },
    })
    expect(statSync(join(dir, 'run.json')).mode & 0o777).toBe(0o600)
    removeRunFile(dir)
    expect(existsSync(join(dir, 'run.json'))).toBe(false)
  })
})
