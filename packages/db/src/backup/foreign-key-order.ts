/** A foreign key: rows of `table` refer to rows of `to`. */
export type Reference = {
  readonly table: string
  readonly to: string
  /** Checked at commit, when asked. */
  readonly deferrable: boolean
}

/**
 * Tables in an order in which their rows can be inserted: whatever a row refers to comes before it.
 * Where that is impossible, keys that can wait for the commit are let wait. Null when even that does
 * not help.
 */
export function foreignKeyOrder(
  tables: readonly string[],
  references: readonly Reference[],
): string[] | null {
  const strict = references.filter((key) => !key.deferrable)
  return sorted(tables, references) ?? sorted(tables, strict)
}

function sorted(tables: readonly string[], references: readonly Reference[]): string[] | null {
  const order: string[] = []
  let left = tables.toSorted()
  while (left.length > 0) {
    const waiting = new Set(left)
    const ready = left.filter((table) =>
      references.every((key) => key.table !== table || key.to === table || !waiting.has(key.to)),
    )
    if (ready.length === 0) return null
    order.push(...ready)
    left = left.filter((table) => !ready.includes(table))
  }
  return order
}
