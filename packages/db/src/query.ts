import type postgres from 'postgres'
import { toDbError } from './db-error.ts'

/** The rows of a query outside any tenant; faults come as DbError. */
export async function rowsOf<Row>(query: postgres.PendingQuery<postgres.Row[]>): Promise<Row[]> {
  try {
    return (await query) as unknown as Row[]
  } catch (error) {
    throw toDbError(error)
  }
}

/** The first row, or null. */
export async function rowOf<Row>(
  query: postgres.PendingQuery<postgres.Row[]>,
): Promise<Row | null> {
  const [row] = await rowsOf<Row>(query)
  return row ?? null
}
