import { connect, createServer, type Socket } from 'node:net'

export type TcpProxy = AsyncDisposable & {
  readonly host: string
  readonly port: number
  /** `url` with this proxy in the place of its host and port. */
  through(url: string): string
  /** How many connections are open now. */
  connections(): number
  /** Ends every open connection with a reset. New ones are accepted. */
  cut(): void
  /** Resets every new connection, too, until `resume`. */
  refuse(): void
  /** Keeps connections open and passes nothing on in either direction, until `resume`. */
  stall(): void
  /** The target still gets everything; what it answers from now on is lost, until `resume`. */
  dropReply(): void
  /** Passes everything on again. What `dropReply` swallowed stays lost. */
  resume(): void
  close(): Promise<void>
}

type Mode = 'pass' | 'refuse' | 'stall' | 'drop-reply'

/** A TCP proxy on 127.0.0.1 in front of `target` (`host:port` or a URL) that can misbehave on demand. */
export async function tcpProxy(o: {
  target: string | { host: string; port: number }
}): Promise<TcpProxy> {
  const target = typeof o.target === 'string' ? targetOf(o.target) : o.target
  const pairs = new Set<readonly [Socket, Socket]>()
  let mode: Mode = 'pass'

  const server = createServer((client) => {
    if (mode === 'refuse') {
      client.resetAndDestroy()
      return
    }
    const upstream = connect(target)
    const pair = [client, upstream] as const
    pairs.add(pair)
    client.on('data', (chunk) => upstream.write(chunk))
    upstream.on('data', (chunk) => {
      if (mode !== 'drop-reply') client.write(chunk)
    })
    client.on('end', () => upstream.end())
    upstream.on('end', () => client.end())
    for (const socket of pair) {
      socket.setNoDelay(true)
      socket.on('error', () => undefined)
      socket.on('close', () => {
        pairs.delete(pair)
        for (const other of pair) other.destroy()
      })
      if (mode === 'stall') socket.pause()
    }
  })
  const port = await new Promise<number>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      resolve(typeof address === 'object' && address !== null ? address.port : 0)
    })
  })
  const cut = (): void => {
    for (const [client, upstream] of pairs) {
      client.resetAndDestroy()
      upstream.destroy()
    }
    pairs.clear()
  }
  const close = async (): Promise<void> => {
    cut()
    await new Promise<void>((resolve) => server.close(() => resolve()))
  }
  const everySocket = (act: (socket: Socket) => void): void => {
    for (const pair of pairs) pair.forEach(act)
  }
  return {
    host: '127.0.0.1',
    port,
    through(url) {
      const changed = new URL(url)
      changed.host = `127.0.0.1:${port}`
      return changed.href
    },
    connections: () => pairs.size,
    cut,
    refuse() {
      mode = 'refuse'
      cut()
    },
    stall() {
      mode = 'stall'
      everySocket((socket) => socket.pause())
    },
    dropReply() {
      mode = 'drop-reply'
    },
    resume() {
      mode = 'pass'
      everySocket((socket) => socket.resume())
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}

const defaultPorts: Readonly<Record<string, number>> = {
  'http:': 80,
  'ws:': 80,
  'https:': 443,
  'wss:': 443,
  'redis:': 6379,
  'postgres:': 5432,
  'postgresql:': 5432,
}

function targetOf(text: string): { host: string; port: number } {
  const url = new URL(text.includes('://') ? text : `tcp://${text}`)
  const port = url.port === '' ? defaultPorts[url.protocol] : Number(url.port)
  if (port === undefined) throw new Error('the target names no port')
  return { host: url.hostname, port }
}
