import { Agent, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import Fastify from 'fastify'
import { expect, onTestFinished, test } from 'vitest'
import { systemClock as clock } from './clock.ts'
import { HANDOVER_PATH, offerPort } from './hand-over-port.ts'
import { takePort } from './take-port.ts'

const host = '127.0.0.1'

/** A server that offers its port once it drains. */
function server() {
  const app = Fastify({ forceCloseConnections: true })
  const drain = { active: false }
  offerPort(app, { isDraining: () => drain.active, giveUp: () => app.server.close() })
  onTestFinished(async () => app.close().catch(() => undefined))
  return { app, drain }
}

test('a draining process gives the port to its successor', async () => {
  const first = server()
  const port = await takePort(first.app, { host, port: 0, clock })
  first.drain.active = true
  const second = server()
  expect(await takePort(second.app, { host, port, clock })).toBe(port)
  const answer = await fetch(`http://${host}:${port}${HANDOVER_PATH}`, { method: 'POST' })
  expect(answer.status).toBe(409)
})

test.each(['0.0.0.0', '::', '::1'])('also on %s', async (address) => {
  const first = server()
  const port = await takePort(first.app, { host: address, port: 0, clock }).catch(() => null)
  // A machine without IPv6 has nothing to hand over there.
  if (port === null) return
  first.drain.active = true
  expect(await takePort(server().app, { host: address, port, clock })).toBe(port)
})

test('a process that serves keeps its port', async () => {
  const first = server()
  const port = await takePort(first.app, { host, port: 0, clock })
  await expect(takePort(server().app, { host, port, clock })).rejects.toThrow('EADDRINUSE')
  expect(first.app.server.listening).toBe(true)
})

test('live connections stay with the process that gave up the port', async () => {
  const first = server()
  first.app.server.on('upgrade', (_request, socket) => {
    socket.write('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: test\r\n\r\n')
    socket.pipe(socket)
    onTestFinished(() => void socket.destroy())
  })
  const port = await takePort(first.app, { host, port: 0, clock })
  const live = await new Promise<Duplex>((resolve) => {
    const headers = { connection: 'upgrade', upgrade: 'test' }
    request({ host, port, headers })
      .once('upgrade', (_response, socket) => resolve(socket))
      .end()
  })
  first.drain.active = true
  await takePort(server().app, { host, port, clock })
  const echo = new Promise<string>((resolve) =>
    live.once('data', (data: Buffer) => resolve(data.toString())),
  )
  live.write('still here')
  expect(await echo).toBe('still here')
})

test('who keeps a connection comes to the successor with the next question', async () => {
  const first = server()
  const asked = Promise.withResolvers<undefined>()
  const answered = Promise.withResolvers<undefined>()
  first.app.get('/who', async () => {
    asked.resolve(undefined)
    await answered.promise
    return 'first'
  })
  const port = await takePort(first.app, { host, port: 0, clock })
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  onTestFinished(() => agent.destroy())
  const who = () =>
    new Promise<string>((resolve, reject) => {
      request({ host, port, path: '/who', agent }, (response) => {
        response.on('data', (data: Buffer) => resolve(data.toString()))
      })
        .once('error', reject)
        .end()
    })
  const inFlight = who()
  await asked.promise
  first.drain.active = true
  const second = server()
  second.app.get('/who', () => 'second')
  await takePort(second.app, { host, port, clock })
  answered.resolve(undefined)
  expect(await inFlight).toBe('first')
  expect(await who()).toBe('second')
})

test('a peer that comes over a network is refused', async () => {
  const { app, drain } = server()
  await app.ready()
  drain.active = true
  app.server.listen(0, '0.0.0.0')
  await new Promise<void>((resolve) => app.server.once('listening', resolve))
  const { port } = app.server.address() as AddressInfo
  const status = await new Promise<number | undefined>((resolve, reject) => {
    // All of 127.0.0.0/8 is this machine: another address of it stands for another machine.
    const options = { host, port, path: HANDOVER_PATH, method: 'POST', localAddress: '127.0.0.9' }
    request(options, (response) => {
      response.resume()
      resolve(response.statusCode)
    })
      .once('error', reject)
      .end()
  })
  expect(status).toBe(403)
  expect(app.server.listening).toBe(true)
})
