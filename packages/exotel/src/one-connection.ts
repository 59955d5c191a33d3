import { connect as connectPlain, isIP, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { buildConnector } from 'undici'

/** What a client connects by, and the end of it. */
export type OneConnection = {
  /** Connects once; whoever asks again gets an error, and no connection. */
  connect: buildConnector.connector
  /** Whether it is connected, and neither side has begun to close it, as far as can be known here. */
  isOpen(): boolean
  /** Closes the connection in whatever state it is: still connecting, shaking hands, or in use. */
  end(): void
}

/**
 * A single connection, plain or over TLS with HTTP/1.1 alone. It has no time limit: it lives until
 * its end is called or the other side goes.
 */
export function oneConnection(): OneConnection {
  let socket: Socket | undefined
  return {
    connect: (options, callback) => {
      if (socket !== undefined) return callback(new Error('a second connection'), null)
      const opened = options.protocol === 'https:' ? openTls(options) : openPlain(options)
      socket = opened
      let told = false
      const tellOnce: buildConnector.Callback = (...outcome) => {
        if (told) return
        told = true
        callback(...outcome)
      }
      opened
        .setNoDelay(true)
        .once(options.protocol === 'https:' ? 'secureConnect' : 'connect', () =>
          tellOnce(null, opened),
        )
        // It stays for good: an error that nobody hears would end the process.
        .on('error', (error) => tellOnce(error, null))
    },
    isOpen: () => socket?.readyState === 'open' && !socket.destroyed && !socket.readableEnded,
    end: () => socket?.destroy(),
  }
}

function openPlain({ hostname, port }: buildConnector.Options): Socket {
  return connectPlain({ host: hostname, port: Number(port || 80) })
}

/** The name is asked for, so that the certificate is the one to be checked; an address has none. */
function openTls({ hostname, port }: buildConnector.Options): Socket {
  return connectTls({
    host: hostname,
    port: Number(port || 443),
    ...(isIP(hostname) === 0 ? { servername: hostname } : {}),
    ALPNProtocols: ['http/1.1'],
  })
}
