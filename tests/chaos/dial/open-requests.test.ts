import { once } from 'node:events'
import { connect, createServer, type AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { localPortsTo } from './open-requests.ts'

test('a process’s own connections to a port, and no other’s', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const client = connect(port, '127.0.0.1')
  await once(client, 'connect')
  expect(localPortsTo(process.pid, port)).toEqual([client.localPort])
  expect(localPortsTo(process.pid, port + 1)).toEqual([])
  expect(localPortsTo(process.ppid, port)).toEqual([])
  client.destroy()
  server.close()
})

test('a process that is gone has none', () => {
  expect(localPortsTo(4_194_305, 80)).toEqual([])
})
