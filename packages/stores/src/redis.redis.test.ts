import { appendFileSync, readdirSync, statSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'

import { scratchDir } from './testing/index.ts'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import { redisAnswers } from './redis-ping.ts'
import { startRedis, type RunningRedis } from './redis.ts'

let dir: string
const running: RunningRedis[] = []

beforeEach(async () => {
  dir = await scratchDir('redis-test')
})
afterEach(async () => {
  for (const server of running.splice(0)) await server.stop()
  await rm(dir, { recursive: true, force: true })
})

async function start(): Promise<RunningRedis> {
  const server = await startRedis({ dataDir: dir })
  running.push(server)
  return server
}

/** Sends inline commands after the password's and gives what came back within a moment of the last answer. */
async function tell(server: RunningRedis, ...commands: string[]): Promise<string> {
  const password = new URL(server.url).password
  const lines = [`AUTH ${password}`, ...commands, 'PING end']
  return new Promise((resolve, reject) => {
    let text = ''
    const socket = connect(server.port, '127.0.0.1', () =>
      socket.write(`${lines.join('\r\n')}\r\n`),
    )
    socket.on('error', reject)
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString()
      if (!text.includes('end')) return
      socket.destroy()
      resolve(text)
    })
  })
}

describe('startRedis', () => {
  it('keeps its data from one run to the next, with the same password', async () => {
    const first = await start()
    await tell(first, 'SET kept 42')
    await first.stop()
    const second = await start()
    expect(new URL(second.url).password).toBe(new URL(first.url).password)
    expect(await tell(second, 'GET kept')).toContain('\r\n42\r\n')
  })

  it('evicts nothing and keeps what was written', async () => {
    const server = await start()
    expect(await tell(server, 'CONFIG GET maxmemory-policy')).toContain('noeviction')
    expect(await tell(server, 'CONFIG GET appendonly')).toContain('yes')
  })

  it('refuses who does not know the password', async () => {
    const server = await start()
    expect(await redisAnswers(server.port, 'wrong')).toBe(false)
  })

  it('keeps its password where only this user reads it', async () => {
    await start()
    for (const name of ['password', 'redis.conf']) {
      expect(statSync(join(dir, 'redis', name)).mode & 0o077).toBe(0)
    }
  })

  it('sets a garbled file aside and begins anew', async () => {
    const first = await start()
    await tell(first, 'SET kept 42')
    await first.stop()
    const files = join(dir, 'redis', 'appendonlydir')
    const file = readdirSync(files).find((name) => name.endsWith('.incr.aof')) ?? ''
    appendFileSync(join(files, file), 'this is no append-only file\r\nat all\r\n'.repeat(20))
    const second = await start()
    expect(await tell(second, 'GET kept')).toContain('$-1')
  })
})
