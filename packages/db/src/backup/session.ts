import { Socket } from 'node:net'
import { Pool } from 'pg'
import type { Connection } from '../client.ts'
import { DbError, toDbError } from '../db-error.ts'
import { BackupError } from './backup-error.ts'

const CONNECT_TIMEOUT_MS = 10_000
/** For the locks that are taken at the beginning: a migration that runs may take a while. */
const LOCK_TIMEOUT_MS = 30_000

/**
 * One transaction on a connection of its own, without a limit of time: a table takes as long to copy
 * as it is large. Commits when `work` resolves. Otherwise the connection is cut, which rolls back:
 * in the middle of a COPY nothing can be asked. Faults of the database come as DbError, an aborted
 * signal as BackupError `interrupted`.
 */
export async function inSession<T>(
  o: { url: string; applicationName: string; begin: string; signal: AbortSignal },
  work: (sql: Connection) => Promise<T>,
): Promise<T> {
  const socket = new Socket()
  const pool = new Pool({
    stream: () => socket,
    connectionString: o.url,
    max: 1,
    application_name: o.applicationName,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    keepAlive: true,
    options: '-c search_path=app',
  })
  pool.on('error', () => undefined)
  let sql: Connection | undefined
  const cut = () => sql?.release(true)
  try {
    o.signal.throwIfAborted()
    sql = await pool.connect()
    sql.on('error', () => undefined)
    o.signal.addEventListener('abort', cut, { once: true })
    await sql.query(unlimited)
    await sql.query(o.begin)
    const value = await work(sql)
    await sql.query('commit')
    o.signal.removeEventListener('abort', cut)
    sql.release()
    return value
  } catch (error) {
    const aborted = o.signal.aborted
    o.signal.removeEventListener('abort', cut)
    if (!aborted) cut()
    throw aborted ? interrupted() : known(error, sql === undefined)
  } finally {
    await pool.end()
    // The driver leaves a connection open on which it could not log in, and the server waits for it.
    socket.destroy()
  }
}

export function interrupted(): BackupError {
  return new BackupError('interrupted', 'Interrupted: nothing was changed.')
}

// How values are written, which must be the same at both ends, and no limits but for locks.
const unlimited = `
  select set_config(name, '0', false) from pg_settings where name in ('statement_timeout',
    'idle_in_transaction_session_timeout', 'idle_session_timeout', 'transaction_timeout');
  set lock_timeout = ${LOCK_TIMEOUT_MS};
  set timezone = 'UTC';
  set datestyle = 'ISO, YMD';
  set intervalstyle = 'postgres';
  set extra_float_digits = 1;
  set bytea_output = 'hex';
  set row_security = on;
  set synchronize_seqscans = off;
`

/** SQLSTATE's class of refused logins. The driver itself refuses to answer without a password, in a sentence alone. */
const refusedLogin = '28'
const noPassword = 'client password must be a string'

function known(error: unknown, connecting: boolean): unknown {
  const converted = toDbError(error)
  const refused =
    converted instanceof DbError
      ? converted.sqlstate?.startsWith(refusedLogin) === true
      : error instanceof Error && error.message.includes(noPassword)
  if (connecting && refused) {
    return new BackupError(
      'not_ready',
      'The database does not let this login in: its password is not set, or another one.',
    )
  }
  if (!(converted instanceof DbError) && connecting) return new DbError({ code: 'unavailable' })
  return converted
}
