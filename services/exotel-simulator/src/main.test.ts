import { type ChildProcess, spawn } from 'node:child_process'
import { createServer } from 'node:http'
import { type AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { request } from 'undici'
import { afterEach, describe, expect, it } from 'vitest'
import { readConfig } from './config.ts'
import { until } from './testing/world.ts'

const main = fileURLToPath(new URL('main.ts', import.meta.url))
const children: ChildProcess[] = []
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
})

function start(env: Record<string, string>) {
  const child = spawn(process.execPath, [main], { env, stdio: ['pipe', 'ignore', 'pipe'] })
  children.push(child)
  let log = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (log += text))
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve))
  const port = () => /"port":(\d+)/.exec(log)?.[1]
  return { child, exited, log: () => log, listening: () => until(port) }
}

/** The health port opens a moment after the main one. */
async function answered(url: string) {
  for (let tries = 0; ; tries += 1) {
    try {
      return await request(url)
    } catch (error) {
      if (tries === 400) throw error
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
}

describe('the process', () => {
  it('serves health on both ports, and stops when its supervisor is gone', async () => {
    const probe = createServer()
    await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve))
    const metrics = String((probe.address() as AddressInfo).port)
    await new Promise((resolve) => probe.close(resolve))
    const running = start({ SIMULATOR_PORT: '0', METRICS_PORT: metrics, CALLWIRE_SUPERVISED: '1' })
    const port = await running.listening()
    for (const each of [port, metrics]) {
      const reply = await answered(`http://127.0.0.1:${each}/readyz`)
      expect(await reply.body.json()).toEqual({ status: 'ok', checks: {} })
    }
    running.child.stdin.end()
    expect(await running.exited).toBe(0)
  })
  it.each(['SIGTERM', 'SIGINT'] as const)('stops on %s', async (signal) => {
    const running = start({ SIMULATOR_PORT: '0' })
    await running.listening()
    running.child.kill(signal)
    expect(await running.exited).toBe(0)
  })
  it('says so when its port is taken', async () => {
    const other = createServer()
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
    const { port } = other.address() as AddressInfo
    const running = start({ SIMULATOR_PORT: String(port) })
    expect(await running.exited).toBe(1)
    expect(running.log()).toContain('A port of the Exotel simulator is taken')
    await new Promise((resolve) => other.close(resolve))
  })
})

describe('the variables', () => {
  it('have defaults', () => {
    expect(readConfig({ METRICS_PORT: '', LOG_LEVEL: '' })).toEqual({
      ...{ host: '127.0.0.1', port: 8099, metricsPort: null, logLevel: 'info', dataDir: null },
      ...{ account: undefined, supervised: false },
    })
  })
  it('can name an account', () => {
    const env = {
      ...{ SIMULATOR_ACCOUNT_SID: 'a1', SIMULATOR_API_KEY: 'k', SIMULATOR_API_TOKEN: 't' },
      SIMULATOR_PHONES: '08047112233, +919876543210',
    }
    expect(readConfig(env).account).toMatchObject({
      ...{ sid: 'a1', phones: ['+918047112233', '+919876543210'], requestsPerMinute: 200 },
    })
  })
  it.each([
    [{ SIMULATOR_PORT: 'secret-port' }, 'SIMULATOR_PORT'],
    [{ LOG_LEVEL: 'secret-level' }, 'LOG_LEVEL'],
    [{ SIMULATOR_API_KEY: 'secret-key' }, 'SIMULATOR_ACCOUNT_SID, SIMULATOR_API_TOKEN'],
  ])('%j is refused by name', (env, names) => {
    expect(() => readConfig(env)).toThrow(`These variables are missing or malformed: ${names}.`)
    expect(() => readConfig(env)).not.toThrow('secret')
  })
})
