import { connect, type Socket } from 'node:net'
import postgres from 'postgres'

/** A statement that takes longer is not one a live call can wait for. */
export const STATEMENT_TIMEOUT_MS = 10_000
/** Waiting longer than this for a row means that its holder hangs. */
export const LOCK_TIMEOUT_MS = 5_000
/** A transaction that sits idle holds locks: longer than any honest pause, shorter than a call's patience. */
export const IDLE_IN_TRANSACTION_TIMEOUT_MS = 15_000
/** From the first packet to a connection that answers. */
const CONNECT_TIMEOUT_S = 5
/** Unused connections go before {@link SILENT_SOCKET_MS} would cut them. */
const IDLE_CONNECTION_S = 20
/** The server always answers within its statement timeout: a socket silent for longer leads nowhere. */
const SILENT_SOCKET_MS = 30_000
/** The longest pause between two attempts to reconnect: a database that is back is found at once. */
const LONGEST_BACKOFF_S = 1
/** Ten services' worth of this stays under PostgreSQL's default of 100 connections. */
export const DEFAULT_MAX_CONNECTIONS = 10

export type Client = postgres.Sql

/** Opens a pool; the first query connects. `url` may carry `sslmode` and the like. */
export function openClient(o: {
  url: string
  applicationName: string
  maxConnections: number
  statementTimeoutMs?: number
}): Client {
  // The driver takes a socket factory that its types do not name.
  const transport = { socket: openSocket }
  return postgres(o.url, {
    ...transport,
    max: o.maxConnections,
    connect_timeout: CONNECT_TIMEOUT_S,
    idle_timeout: IDLE_CONNECTION_S,
    backoff: (attempt) => Math.min(LONGEST_BACKOFF_S, 0.05 * 2 ** attempt),
    // Array types are named in the schema; asking for them costs a round trip per connection.
    fetch_types: false,
    onnotice: () => undefined,
    connection: {
      application_name: o.applicationName,
      search_path: 'app',
      TimeZone: 'UTC',
      statement_timeout: o.statementTimeoutMs ?? STATEMENT_TIMEOUT_MS,
      lock_timeout: LOCK_TIMEOUT_MS,
      idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_TIMEOUT_MS,
    },
  })
}

/** A socket that gives up when its peer went silent, which TCP alone would notice after minutes. */
function openSocket(options: { host: string[]; port: number[]; path?: unknown }): Socket {
  const [host = 'localhost'] = options.host
  const [port = 5432] = options.port
  const path = options.path
  const socket = typeof path === 'string' ? connect(path) : connect(port, host)
  socket.setNoDelay(true)
  socket.setTimeout(SILENT_SOCKET_MS, () => {
    const error = new Error('silent')
    socket.destroy(Object.assign(error, { code: 'ETIMEDOUT', syscall: 'read' }))
  })
  // The driver reads the name that a certificate must carry from here.
  return Object.assign(socket, { host })
}
