/** A number of a file, and the line it stands on, from 1. */
export type NumberLine = { line: number; number: string }

/**
 * The numbers of a list: one a line, or the first column of a CSV. What stands before the first digit
 * of the file's first line is its heading; blank lines and those that begin with `#` say nothing.
 */
export function numberLines(text: string): NumberLine[] {
  return text
    .split(/\r?\n/)
    .map((row, n) => ({ line: n + 1, number: firstColumn(row) }))
    .filter(({ line, number }) => number !== '' && (line > 1 || /\d/.test(number)))
}

function firstColumn(row: string): string {
  if (row.trimStart().startsWith('#')) return ''
  const [first = ''] = row.replace(/^\uFEFF/, '').split(/[,;\t]/)
  return first.trim().replace(/^"(.*)"$/, '$1')
}

/** The numbers in parts that one request each takes. */
export function inParts<T>(items: readonly T[], most: number): T[][] {
  const parts: T[][] = []
  for (let from = 0; from < items.length; from += most) parts.push(items.slice(from, from + most))
  return parts
}
