import { createServer, type Server } from 'node:net'

/** A TCP port that is free on `host` right now. Another program may still take it first: callers try again. */
export async function freePort(host = '127.0.0.1'): Promise<number> {
  const [port] = await freePorts(1, host)
  if (port === undefined) throw new Error('no free port')
  return port
}

/** Several different free ports: all are held before the first is let go. */
export async function freePorts(count: number, host = '127.0.0.1'): Promise<number[]> {
  const servers = await Promise.all(Array.from({ length: count }, () => listen(0, host)))
  const ports = servers.map(portOf)
  await Promise.all(servers.map(close))
  return ports
}

/** Whether a listener could take `port` on `host` now; says which of the two usual reasons speaks against it. */
export async function portState(
  port: number,
  host = '127.0.0.1',
): Promise<'free' | 'taken' | 'forbidden'> {
  try {
    await close(await listen(port, host))
    return 'free'
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EACCES' ? 'forbidden' : 'taken'
  }
}

async function listen(port: number, host: string): Promise<Server> {
  const server = createServer()
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen({ port, host, exclusive: true }, resolve)
  })
  return server
}

function portOf(server: Server): number {
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('not a TCP listener')
  return address.port
}

async function close(server: Server): Promise<void> {
  await new Promise<void>((resolve) => server.close(() => resolve()))
}
