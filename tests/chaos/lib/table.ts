import { keepsLimit, type Figure, type Limit } from './figure.ts'

/** Figures as lines of columns; what misses its limit says so. */
export function table(figures: readonly Figure[]): string {
  const rows = [['figure', 'counted', 'promise', ''], ...figures.map(cells)]
  const widths = [0, 1, 2].map((n) => Math.max(...rows.map((row) => row[n]?.length ?? 0)))
  const line = ([name = '', counted = '', promise = '', verdict = '']: readonly string[]) =>
    [
      name.padEnd(widths[0] ?? 0),
      counted.padStart(widths[1] ?? 0),
      promise.padEnd(widths[2] ?? 0),
      verdict,
    ]
      .join('  ')
      .trimEnd()
  const [head = [], ...body] = rows
  const rule = widths.map((width) => '-'.repeat(width)).join('  ')
  return [line(head), rule, ...body.map(line)].join('\n')
}

function cells(figure: Figure): string[] {
  const { name, value, unit, limit } = figure
  const counted = `${readable(value)}${unit === '' ? '' : ` ${unit}`}`
  if (limit === undefined) return [name, counted, '', '']
  return [name, counted, bound(limit), keepsLimit(figure) ? 'kept' : 'BROKEN']
}

function bound(limit: Limit): string {
  if ('exactly' in limit) return `= ${limit.exactly}`
  return 'atMost' in limit ? `≤ ${limit.atMost}` : `≥ ${limit.atLeast}`
}

/** Two places say enough, but what is not whole must not look whole. */
function readable(value: number): string {
  if (Number.isInteger(value)) return String(value)
  const short = value.toFixed(2)
  return Number.isInteger(Number(short)) ? String(value) : short
}
