import { DbError, type DbErrorCode } from '@callwire/db'
import { LedgerError } from '@callwire/ledger'

/** What the database says of a value or a row, and would say again. */
const ofTheRow: ReadonlySet<DbErrorCode> = new Set(['invalid', 'conflict', 'foreign_key'])

/**
 * Whether what was to be written is itself what cannot be: trying again would not help. Faults of
 * the database and of its rights are none of the row's, however long they last.
 */
export function isRefusedForGood(error: unknown): boolean {
  if (error instanceof LedgerError) return error.code === 'invalid_fact'
  return error instanceof DbError && ofTheRow.has(error.code)
}
