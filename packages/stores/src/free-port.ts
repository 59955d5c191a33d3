import { createServer, type Server } from 'node:net'

/** A TCP port that is free on `host` right now. Another program may still take it first: callers try again. */
export async function freePort(host = '127.0.0.1'): Promise<number> {
  const [port] = await freePorts(1, host)
  if (port === undefined) throw new Error('no free port')
  return port
}

/**
 * Below what systems hand to outgoing connections (Linux from 32768, IANA's range from 49152): a port from there may be
 * taken by anyone's connection between this look and the listener that was meant to have it.
 */
const range = { first: 20_000, size: 12_000 }
/** A prime, so that processes started one after another begin far apart. */
const apart = 7_919
let cursor = (process.pid * apart) % range.size

/** Several different free ports: all are held before the first is let go. */
export async function freePorts(count: number, host = '127.0.0.1'): Promise<number[]> {
  const servers: Server[] = []
  try {
    while (servers.length < count) servers.push(await listenToNext(host))
    return servers.map(portOf)
  } finally {
    await Promise.all(servers.map(close))
  }
}

async function listenToNext(host: string): Promise<Server> {
  for (let tried = 0; tried < range.size; tried += 1) {
    cursor = (cursor + 1) % range.size
    try {
      return await listen(range.first + cursor, host)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
    }
  }
  throw new Error('no free port')
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
