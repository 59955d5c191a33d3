import { AppError, type LogLevel } from '@callwire/runtime'
import { DrizzleError, DrizzleQueryError } from 'drizzle-orm'
import postgres from 'postgres'
import { classify, type DbErrorCode } from './classify.ts'

const sentences: Readonly<Record<DbErrorCode, string>> = {
  unavailable: 'The database is not available',
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
      retryable: o.code === 'unavailable',
      ...(o.level === undefined ? {} : { level: o.level }),
    })
    this.sqlstate = o.sqlstate ?? null
    this.constraint = o.constraint ?? null
  }
}

/** The DbError in place of a driver's error; anything else comes back as it is. */
export function toDbError(error: unknown): unknown {
  if (error instanceof AppError) return error
  const source = rootOf(error)
  if (source instanceof postgres.PostgresError) {
    const constraint = source.constraint_name
    return new DbError({
      code: classify(source.code),
      sqlstate: source.code,
      constraint: typeof constraint === 'string' && constraint !== '' ? constraint : null,
    })
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

const driverCodes = new Set([
  'CONNECT_TIMEOUT',
  'CONNECTION_CLOSED',
  'CONNECTION_DESTROYED',
  'CONNECTION_ENDED',
])

function isConnectionError(error: unknown): boolean {
  if (!(error instanceof Error) || !('code' in error)) return false
  // The driver passes a socket's own errors on: they alone carry both a code and a system call.
  return driverCodes.has(String(error.code)) || 'syscall' in error
}
