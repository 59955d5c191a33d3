import { createServer, type Server } from 'node:net'

import { afterEach, describe, expect, it } from 'vitest'

import { decidePlaces, reachable } from './places.ts'

const anyPort = {
  GATEWAY_PORT: 0,
  INGEST_PORT: 0,
  COPILOT_PORT: 0,
  METRICS_PORT: 0,
  SIMULATOR_PORT: 0,
}
const services = ['gateway', 'ingest', 'dialer', 'transcriber', 'copilot', 'courier'] as const

const open: Server[] = []
afterEach(() => {
  for (const server of open.splice(0)) server.close()
})

async function takePort(wanted = 0): Promise<number> {
  const server = createServer()
  open.push(server)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(wanted, '127.0.0.1', resolve)
  })
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}

/** A port that is taken, behind two that are free. */
async function takePortBehindFreeOnes(): Promise<number> {
  for (;;) {
    const port = await takePort()
    const before = await Promise.allSettled([takePort(port - 2), takePort(port - 1)])
    await Promise.all(open.splice(-2).map((server) => new Promise((done) => server.close(done))))
    if (before.every(({ status }) => status === 'fulfilled')) return port
  }
}

describe('decidePlaces', () => {
  it('finds a different free port for each 0', async () => {
    const places = await decidePlaces({ host: '127.0.0.1', ports: anyPort }, [
      ...services,
      'exotel-simulator',
    ])
    const all = [
      places.gateway,
      places.ingest,
      places.copilot,
      places.simulator,
      ...Object.values(places.metrics),
    ]
    expect(new Set(all).size).toBe(all.length)
    expect(all).not.toContain(0)
    expect(all).not.toContain(null)
  })

  it('says in one sentence which port is taken, and which variable changes it', async () => {
    const port = await takePort()
    const ports = { ...anyPort, INGEST_PORT: port }
    await expect(decidePlaces({ host: '127.0.0.1', ports }, services)).rejects.toThrow(
      `Port ${port} is already in use: stop the program that uses it, or set INGEST_PORT to another port.`,
    )
  })

  it.each(['no such host', '203.0.113.1'])(
    'does not blame the ports for the host %s',
    async (host) => {
      const ports = { ...anyPort, INGEST_PORT: await takePort() }
      await expect(decidePlaces({ host, ports }, services)).rejects.toThrow(
        'HOST is not an address of this machine.',
      )
    },
  )

  it('looks at every metrics port, not only the first', async () => {
    const port = await takePortBehindFreeOnes()
    const ports = { ...anyPort, METRICS_PORT: port - 2 }
    await expect(decidePlaces({ host: '127.0.0.1', ports }, services)).rejects.toThrow(
      `Port ${port} is already in use: stop the program that uses it, or set METRICS_PORT to another port.`,
    )
  })

  it('refuses one port for two', async () => {
    const ports = { ...anyPort, GATEWAY_PORT: 18_080, COPILOT_PORT: 18_080 }
    await expect(decidePlaces({ host: '127.0.0.1', ports }, services)).rejects.toThrow(
      'Port 18080 is asked for twice, by GATEWAY_PORT and COPILOT_PORT: change one of them.',
    )
  })
})

describe('reachable', () => {
  it.each([
    ['0.0.0.0', '127.0.0.1'],
    ['::', '[::1]'],
    ['::1', '[::1]'],
    ['10.0.0.5', '10.0.0.5'],
  ])('reaches %s by %s', (host, address) => {
    expect(reachable(host)).toBe(address)
  })
})
