import { AppError, type LogLevel } from '@callwire/runtime'
import { DrizzleError, DrizzleQueryError } from 'drizzle-orm'
import { DatabaseError } from 'pg'
import { classify, type DbErrorCode } from './classify.ts'

const sentences: Readonly<Record<DbErrorCode, string>> = {
  unavailable: 'The database is not available',
  refuses_writes: 'The database takes no writes now',
  conflict: 'The row exists already',
  foreign_key: 'The row refers to one that is not there',
  permission: 'The database refused this to the role',
  invalid: 'The database refused the value',
  unsafe_role: 'The database login has more rights than a service may have',
  migration: 'The database cannot be migrated',
  internal: 'The database failed',
}

/**
 * A database fault: SQLSTATE and constraint name are all that is kept of the driver's error, whose
 * text, detail and parameters hold values of rows.
 */
export class DbError extends AppError {
  declare readonly code: DbErrorCode
  readonly sqlstate: string | null
  readonly constraint: string | null

  constructor(o: {
    code: DbErrorCode
    message?: string
    sqlstate?: string | null
    constraint?: string | null
    level?: LogLevel
  }) {
    super({
      code: o.code,
      message: o.message ?? sentences[o.code],
      retryable: o.code === 'unavailable' || o.code === 'refuses_writes',
      ...(o.level === undefined ? {} : { level: o.level }),
    })
    this.sqlstate = o.sqlstate ?? null
    this.constraint = o.constraint ?? null
  }
}

/**
 * The DbError in place of a driver's or drizzle's error; anything else comes back as it is.
 *
 * @param error - as it was thrown
 */
export function toDbError(error: unknown): unknown {
  if (error instanceof AppError) return error
  const source = rootOf(error)
  if (source instanceof DatabaseError) {
    const { code: sqlstate = '', constraint = null } = source
    return new DbError({ code: classify(sqlstate), sqlstate, constraint })
  }
  if (isConnectionError(source)) return new DbError({ code: 'unavailable' })
  if (source instanceof DrizzleError || error instanceof DrizzleQueryError) {
    return new DbError({ code: 'internal' })
  }
  return error
}

/**
 * True when a unique index refused the row; with `constraint`, when it was that index. Takes the
 * error as it is inside `withTenant`'s work too.
 */
export function isUniqueViolation(error: unknown, constraint?: string): boolean {
  const known = toDbError(error)
  return (
    known instanceof DbError &&
    known.code === 'conflict' &&
    (constraint === undefined || known.constraint === constraint)
  )
}

function rootOf(error: unknown): unknown {
  return error instanceof DrizzleQueryError ? error.cause : error
}

/** The driver gives these faults no code, only a sentence each. */
const lostConnection =
  /^(Connection terminated|Client (has encountered a connection error|was closed)|Query read timeout|timeout exceeded when trying to connect|timeout expired)/

/** Whether the connection failed, rather than a statement on it. */
export function isLost(error: unknown): boolean {
  const known = toDbError(error)
  return known instanceof DbError && known.code === 'unavailable' && known.sqlstate === null
}

function isConnectionError(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  // A socket's own errors are passed on: they carry the system call.
  return 'syscall' in error || lostConnection.test(error.message)
}
