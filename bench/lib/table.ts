import { keepsLimit, type Figure } from './bench.ts'

const HEAD = ['figure', 'measured', 'limit', '']

/** Figures as lines of columns; what misses its limit says so. */
export function table(figures: readonly Figure[]): string {
  const rows = [HEAD, ...figures.map(cells)]
  const widths = HEAD.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) =>
        column === 1 ? cell.padStart(widths[1] ?? 0) : cell.padEnd(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd()
  const rule = widths.map((width) => '-'.repeat(width)).join('  ')
  const [head = [], ...body] = rows
  return [line(head), rule.trimEnd(), ...body.map(line)].join('\n')
}

function cells(figure: Figure): string[] {
  const { name, value, unit, limit } = figure
  const measured = `${readable(value)} ${unit}`
  if (limit === undefined) return [name, measured, '', '']
  const bound = 'atMost' in limit ? `≤ ${limit.atMost}` : `≥ ${limit.atLeast}`
  return [name, measured, `${bound} ${unit}`, keepsLimit(figure) ? 'ok' : 'MISSED']
}

/** Three digits that count, and all of those before the point. */
function readable(value: number): string {
  if (Number.isInteger(value)) return String(value)
  const places = value >= 100 ? 0 : value >= 10 ? 1 : 2
  return value.toFixed(places)
}
