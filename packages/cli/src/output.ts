/** Where a command's results go: people get sentences and tables, programs get JSON. */
export type Output = {
  readonly json: boolean
  readonly isTerminal: boolean
  readonly columns: number
  /** One result: `value` for programs, `text` for people. */
  result(value: unknown, text: string): void
  /** A raw piece of text, with no line break added. */
  write(text: string): void
}

type Stream = { write(text: string): unknown; isTTY?: boolean; columns?: number }

export function createOutput(stream: Stream, json: boolean): Output {
  return {
    json,
    isTerminal: stream.isTTY === true,
    columns: stream.columns ?? 80,
    result: (value, text) => {
      stream.write(`${json ? JSON.stringify(value) : text}\n`)
    },
    write: (text) => {
      stream.write(text)
    },
  }
}

/** Left-aligned columns, two blanks apart; the first row is the head. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths: number[] = []
  for (const row of rows) {
    row.forEach((cell, i) => {
      widths[i] = Math.max(widths[i] ?? 0, cell.length)
    })
  }
  return rows
    .map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}
