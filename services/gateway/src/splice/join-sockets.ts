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
 * @param o.body - for a plain request, what its client sends: its end is known from its head, so it
 *   must not half-close the upstream, which servers take for a client that left; null for an upgrade
 * @param o.unanswered - answers the client and ends it, when the upstream has gone without a byte: a
 *   service that is about to end takes connections that it never gets to
 */
export async function joinSockets(
  client: Duplex,
  upstream: Socket,
  { body, unanswered }: { body: Readable | null; unanswered: () => void },
): Promise<void> {
  upstream.setKeepAlive(true, keepAliveMs)
  if (isSocket(client)) client.setKeepAlive(true, keepAliveMs).setNoDelay(true)
  const timers: NodeJS.Timeout[] = []
  let isAnswered = false
  upstream.once('data', () => {
    isAnswered = true
  })
  const giveUp = () => {
    if (client.destroyed || client.writableEnded) return
    unanswered()
    // Nothing will come of it; and what the client may still take is bounded from here.
    upstream.destroy()
    // What it still sends is nobody's, and unread it would cost it the answer.
    const rest = body ?? client
    rest.resume()
  }
  upstream.once('end', () => {
    if (isAnswered) client.end()
    else giveUp()
  })
  const closed = (side: Duplex, other: Duplex) => {
    const { promise, resolve } = Promise.withResolvers<undefined>()
    const onClose = () => {
      // Ends what is left of the other side, then bounds how long that may take.
      if (!other.destroyed && !other.writableEnded) other.end()
      timers.push(setTimeout(() => other.destroy(), lingerMs))
      resolve(undefined)
    }
    side.on('error', () => {
      if (side === upstream && !isAnswered) giveUp()
      else other.destroy()
    })
    if (side.destroyed) onClose()
    else side.once('close', onClose)
    return promise
  }
  const both = Promise.all([closed(client, upstream), closed(upstream, client)])
  if (body === null) client.pipe(upstream)
  else body.pipe(upstream, { end: false })
  upstream.pipe(client, { end: false })
  await both
  for (const timer of timers) clearTimeout(timer)
}

function isSocket(stream: Duplex): stream is Socket {
  return 'setNoDelay' in stream
}
