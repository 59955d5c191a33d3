import { AppError } from '@callwire/runtime'

/** A success with the envelope around its data. */
export function ok<Status extends number, Data>(
  status: Status,
  data: Data,
  headers: Record<string, string> = {},
): { status: Status; body: { success: true; data: Data }; headers: Record<string, string> } {
  return { status, body: { success: true, data }, headers }
}

/** A success that says nothing more. */
export const done = { status: 204 } as const

/** The one row a statement must have given, as with `returning`. */
export function first<Row>(rows: readonly Row[]): Row {
  const [row] = rows
  if (row === undefined) {
    throw new AppError({ code: 'internal', message: 'A statement returned no row.' })
  }
  return row
}
