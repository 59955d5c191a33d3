import { DbError } from '@callwire/db'
import { AppError } from '@callwire/runtime'

/** SQLSTATE class "invalid authorization specification" (PostgreSQL's appendix A). */
const refusedLogins = '28'
const noSuchDatabase = '3D000'

/**
 * Runs a migration; what stands against it is told in the words of whoever set `DATABASE_URL`.
 * A database of our own that fails keeps its own sentence.
 *
 * @param given - whether `DATABASE_URL` was set
 */
export async function migrated(migrate: () => Promise<void>, given: boolean): Promise<void> {
  try {
    await migrate()
  } catch (error) {
    const sentence = given && error instanceof DbError ? sentenceFor(error) : null
    if (sentence === null) throw error
    throw new AppError({ code: 'database_unusable', message: sentence, level: 'fatal' })
  }
}

function sentenceFor({ code, sqlstate }: DbError): string | null {
  if (sqlstate?.startsWith(refusedLogins) === true) {
    return 'The database at DATABASE_URL refuses the login.'
  }
  if (sqlstate === noSuchDatabase) return 'The database that DATABASE_URL names does not exist.'
  if (code === 'unavailable') return 'The database at DATABASE_URL cannot be reached.'
  if (code === 'permission') {
    return 'The login of DATABASE_URL lacks a right: it must own the database, have CREATEROLE, and administer the callwire_ roles where they exist already.'
  }
  return null
}
