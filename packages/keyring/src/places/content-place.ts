import { sealedKeyId, type ContentRing } from '@callwire/crypto'
import type { SealedPlace } from '@callwire/db'
import { and, eq, inArray } from 'drizzle-orm'
import type { AnyPgColumn, PgTable } from 'drizzle-orm/pg-core'
import { heldFor, type Place, type PlacedRow } from './place.ts'
import { replaceRows } from './replace-rows.ts'

type Row = { readonly tenantId: string; readonly id: string; readonly sealed: string }

/** A place that is one column, sealed under the content ring. */
export function contentPlace(o: {
  place: SealedPlace
  table: PgTable & { tenantId: AnyPgColumn }
  tableName: string
  id: AnyPgColumn
  column: AnyPgColumn
  /** Throws `unseal_failed`. */
  open: (ring: ContentRing, row: Row) => unknown
  reseal: (ring: ContentRing, row: Row) => string
}): Place {
  return {
    place: o.place,
    ring: 'contentRing',
    table: o.tableName,
    columns: [o.column.name],
    load: async (tx, tenantId, ids) => {
      const rows = await tx
        .select({ id: o.id, sealed: o.column })
        .from(o.table)
        .where(and(eq(o.table.tenantId, tenantId), inArray(o.id, [...ids])))
      return rows.flatMap(({ id, sealed }) => {
        // Null where it was erased meanwhile: there is nothing left to seal.
        if (typeof sealed !== 'string') return []
        const row = { tenantId, id: String(id), sealed }
        const placed: PlacedRow = {
          id: row.id,
          kid: sealedKeyId(row.sealed),
          check: (rings) => {
            o.open(heldFor(rings, 'contentRing'), row)
          },
          reseal: (rings) => ({
            id: row.id,
            was: [row.sealed],
            becomes: [o.reseal(heldFor(rings, 'contentRing'), row)],
          }),
        }
        return [placed]
      })
    },
    write: (tx, tenantId, rows) =>
      replaceRows(tx, {
        table: o.table,
        tenantId,
        id: o.id,
        compared: [o.column],
        set: [o.column],
        rows,
      }),
  }
}
