import type { Socket } from 'node:net'
import type { Duplex, Readable } from 'node:stream'

/**
 * When one side is gone for good, what was read from it still has to reach the other; a reader
 * that never takes it must not keep the pair.
 */
const lingerMs = 30_000

/** Both peers of a splice may be silent for long; a vanished one is found by TCP's own probes. */
const keepAliveMs = 30_000

/**
 * Joins two sockets until both ended: bytes go both ways with back-pressure, an end is passed on
 * as an end, a fault of one destroys the other. Resolves when both are closed.
 *
 * @param body - for a plain request, what its client sends: its end is known from its head, so it
 *   must not half-close the upstream, which servers take for a client that left
 */
export async function joinSockets(
  client: Duplex,
  upstream: Socket,
  body: Readable | null = null,
): Promise<void> {
  upstream.setKeepAlive(true, keepAliveMs)
  if (isSocket(client)) client.setKeepAlive(true, keepAliveMs).setNoDelay(true)
  const timers: NodeJS.Timeout[] = []
  const closed = (side: Duplex, other: Duplex) => {
    const { promise, resolve } = Promise.withResolvers<undefined>()
    const onClose = () => {
      // Ends what is left of the other side, then bounds how long that may take.
      if (!other.destroyed && !other.writableEnded) other.end()
      timers.push(setTimeout(() => other.destroy(), lingerMs))
      resolve(undefined)
    }
    side.on('error', () => other.destroy())
    if (side.destroyed) onClose()
    else side.once('close', onClose)
    return promise
  }
  const both = Promise.all([closed(client, upstream), closed(upstream, client)])
  if (body === null) client.pipe(upstream)
  else body.pipe(upstream, { end: false })
  upstream.pipe(client)
  await both
  for (const timer of timers) clearTimeout(timer)
}

function isSocket(stream: Duplex): stream is Socket {
  return 'setNoDelay' in stream
}
