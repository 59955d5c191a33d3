import type { Tx } from '@callwire/db'
import { sql, type SQL } from 'drizzle-orm'
import type { AnyPgColumn, PgTable } from 'drizzle-orm/pg-core'
import type { Resealed } from './place.ts'

/**
 * One update by compare-and-swap.
 *
 * @param o.compared - the columns whose former texts are the condition, in the order of `was`
 * @param o.set - the columns that are replaced, in the order of `becomes`
 */
export async function replaceRows(
  tx: Tx,
  o: {
    table: PgTable & { tenantId: AnyPgColumn }
    tenantId: string
    id: AnyPgColumn
    compared: readonly AnyPgColumn[]
    set: readonly AnyPgColumn[]
    rows: readonly Resealed[]
  },
): Promise<void> {
  if (o.rows.length === 0) return
  const texts = (values: readonly string[]): SQL => sql`${sql.param(values)}::text[]`
  const listed = (of: 'was' | 'becomes', columns: readonly AnyPgColumn[]) =>
    columns.map((_, n) => texts(o.rows.map((row) => row[of][n] ?? '')))
  const names = [...o.compared.map((_, n) => `was_${n}`), ...o.set.map((_, n) => `becomes_${n}`)]
  const comma = sql`, `
  const given = [
    texts(o.rows.map((row) => row.id)),
    ...listed('was', o.compared),
    ...listed('becomes', o.set),
  ]
  const assignments = o.set.map(
    (column, n) => sql`${sql.identifier(column.name)} = given.${sql.identifier(`becomes_${n}`)}`,
  )
  const unchanged = o.compared.map(
    (column, n) => sql` and ${column} = given.${sql.identifier(`was_${n}`)}`,
  )
  await tx.execute(sql`
    update ${o.table} set ${sql.join(assignments, comma)}
    from unnest(${sql.join(given, comma)})
      as given (${sql.join(
        ['id', ...names].map((name) => sql.identifier(name)),
        comma,
      )})
    where ${o.table.tenantId} = ${o.tenantId} and ${o.id} = given.id${sql.join(unchanged)}`)
}
