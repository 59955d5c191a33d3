import { isId, type IdKind } from '@callwire/contracts'
import { invalidField } from './api-error.ts'

/** A page's cursor: the id of the last item shown, so that rows added meanwhile shift nothing. */
export function encodeCursor(id: string): string {
  return Buffer.from(id, 'latin1').toString('base64url')
}

/**
 * The id inside a cursor of that kind of list.
 *
 * @throws ApiError `validation_failed` for one that this list never gave
 */
export function decodeCursor(kind: IdKind, cursor: string): string {
  const id = Buffer.from(cursor, 'base64url').toString('latin1')
  if (!isId(kind, id) || encodeCursor(id) !== cursor) {
    throw invalidField('query.cursor', 'is not a cursor of this list')
  }
  return id
}

/** Cuts `limit + 1` rows, newest first, into a page and the cursor of the next one. */
export function pageOf<Row extends { id: string }>(
  rows: readonly Row[],
  limit: number,
): { rows: readonly Row[]; nextCursor: string | null } {
  const shown = rows.slice(0, limit)
  const last = shown.at(-1)
  return {
    rows: shown,
    nextCursor: rows.length > limit && last !== undefined ? encodeCursor(last.id) : null,
  }
}
