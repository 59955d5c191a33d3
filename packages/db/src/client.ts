import { Pool, type PoolClient } from 'pg'
import { CoalescingSocket } from './coalescing-socket.ts'
import { inOnePiece } from './in-one-piece.ts'
import { DbError, isLost, toDbError } from './db-error.ts'

/** A statement that takes longer is not one a live call can wait for. */
export const STATEMENT_TIMEOUT_MS = 10_000
/** Waiting longer than this for a row means that its holder hangs. */
export const LOCK_TIMEOUT_MS = 5_000
/** A transaction that sits idle holds locks: longer than any honest pause, shorter than a call's patience. */
export const IDLE_IN_TRANSACTION_TIMEOUT_MS = 15_000
/** The server answers within its own timeout: silence for longer means that nobody is there. */
const SILENCE_MS = 2_000
/** For a connection to come free, or to be made. A burst passes in less. */
const CONNECT_TIMEOUT_MS = 10_000
/** Unused connections go back to the server. */
const IDLE_CONNECTION_MS = 30_000
/** How long closing waits for what still runs. */
const CLOSE_GRACE_MS = 5_000
/** Nine processes' worth of this stays under PostgreSQL's default of 100 connections. */
export const DEFAULT_MAX_CONNECTIONS = 10

export type Connection = PoolClient

/** A pool of connections; the first use connects. */
export type Client = {
  /**
   * The rows of one statement outside any tenant; each connection plans it once, if it has a name
   * of its own. Faults come as DbError.
   */
  rows<Row>(text: string, values?: readonly unknown[], name?: string): Promise<Row[]>
  /** A connection for oneself. Faults of the database come as DbError. */
  withConnection<T>(work: (connection: Connection) => Promise<T>): Promise<T>
  /** Closes idle connections, and waits a few seconds for the others. */
  close(): Promise<void>
}

/** `url` may carry `sslmode` and the like. */
export function openClient(o: {
  url: string
  applicationName: string
  maxConnections: number
  statementTimeoutMs?: number
}): Client {
  const statementTimeoutMs = o.statementTimeoutMs ?? STATEMENT_TIMEOUT_MS
  const pool = new Pool({
    connectionString: o.url,
    max: o.maxConnections,
    application_name: o.applicationName,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    idleTimeoutMillis: IDLE_CONNECTION_MS,
    statement_timeout: statementTimeoutMs,
    query_timeout: statementTimeoutMs + SILENCE_MS,
    lock_timeout: o.statementTimeoutMs ?? LOCK_TIMEOUT_MS,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_TIMEOUT_MS,
    options: '-c search_path=app -c timezone=UTC',
    keepAlive: true,
    // A statement goes out before the one ahead of it is answered: who needs no answer waits for none.
    pipeline: true,
    stream: () => new CoalescingSocket(),
  })
  // A lost connection fails the statement that runs on it, and there it is handled; as an event
  // that nobody hears, it would end the process.
  pool.on('error', () => undefined)
  pool.on('connect', (connection) => {
    connection.on('error', () => undefined)
  })

  const withConnection: Client['withConnection'] = async (work) => {
    const connection = await connect(pool)
    let lost = false
    try {
      return await work(connection)
    } catch (error) {
      // Without an answer nobody knows what the connection is in the middle of.
      lost = isLost(error)
      throw toDbError(error)
    } finally {
      connection.release(lost)
    }
  }

  return {
    withConnection,
    rows: <Row>(text: string, values: readonly unknown[] = [], name?: string) =>
      withConnection(async (connection) => {
        if (name !== undefined) {
          const [named] = await inOnePiece(connection, [{ name, text, values }])
          return named as Row[]
        }
        const result = await connection.query({ text, values: [...values] })
        return result.rows as Row[]
      }),
    close: () => bounded(pool.end()),
  }
}

async function connect(pool: Pool): Promise<Connection> {
  try {
    return await pool.connect()
  } catch (error) {
    const known = toDbError(error)
    throw known instanceof DbError ? known : new DbError({ code: 'unavailable' })
  }
}

async function bounded(ending: Promise<void>): Promise<void> {
  const grace = Promise.withResolvers<unknown>()
  const timer = setTimeout(grace.resolve, CLOSE_GRACE_MS)
  try {
    await Promise.race([ending, grace.promise])
  } finally {
    clearTimeout(timer)
  }
}
