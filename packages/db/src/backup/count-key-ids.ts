import type { BackupTable } from './records.ts'

/** How many rows of a column name a key. */
export type KeyUse = { readonly kid: string; readonly place: string; readonly rows: number }

const KEY_ID = /^cw1[cdk]\.([a-z0-9][a-z0-9-]{0,31})\./

/** Counts the key ids of sealed texts in rows of COPY's text format, given in pieces. */
export function createKeyIdCounter() {
  const counts = new Map<string, Map<string, number>>()
  let sealed: { at: number; place: string }[] = []
  let rest = ''

  const countRow = (row: string) => {
    const fields = row.split('\t')
    for (const { at, place } of sealed) {
      const kid = KEY_ID.exec(fields[at] ?? '')?.[1]
      if (kid === undefined) continue
      const places = counts.get(kid) ?? new Map<string, number>()
      counts.set(kid, places)
      places.set(place, (places.get(place) ?? 0) + 1)
    }
  }

  return {
    table(table: BackupTable): void {
      rest = ''
      sealed = table.sealed.map((column) => ({
        at: table.columns.indexOf(column),
        place: `${table.name}.${column}`,
      }))
    },
    rows(bytes: Buffer): void {
      if (sealed.length === 0) return
      // Tabs, line feeds and sealed texts are ASCII, so bytes may be read one by one.
      const lines = (rest + bytes.toString('latin1')).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) countRow(line)
    },
    /** By key, then in the order of the rows. */
    uses: (): KeyUse[] =>
      [...counts]
        .toSorted(([a], [b]) => (a < b ? -1 : 1))
        .flatMap(([kid, places]) => [...places].map(([place, rows]) => ({ kid, place, rows }))),
  }
}
