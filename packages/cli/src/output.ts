export type Stream = {
  write(text: string): unknown
  readonly isTTY?: boolean
  readonly columns?: number
}

/** Where a command's results go: people get sentences and tables, programs get JSON. */
export type Output = {
  readonly json: boolean
  /** For what is written bit by bit. */
  readonly stream: Stream
  /** One result: `value` for programs, `text` for people. */
  result(value: unknown, text: string): void
}

export function createOutput(stream: Stream, json: boolean): Output {
  return {
    json,
    stream,
    result: (value, text) => {
      stream.write(`${json ? JSON.stringify(value) : text}\n`)
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
