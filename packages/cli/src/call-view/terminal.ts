type Stream = { write(text: string): unknown; readonly isTTY?: boolean; readonly columns?: number }

/** Lines that stay, and below them one line that is replaced in place. */
export type Terminal = {
  /** Prints lines for good, above the live line. */
  keep(lines: readonly string[]): void
  /** Replaces the live line; null takes it away. Does nothing where output is no terminal. */
  live(line: string | null): void
}

const clearLine = '\r\u001b[2K'
const defaultColumns = 80

export function createTerminal(stream: Stream): Terminal {
  const inPlace = stream.isTTY === true
  let shown: string | null = null
  return {
    keep(lines) {
      if (lines.length === 0) return
      const text = lines.map((line) => `${line}\n`).join('')
      if (!inPlace || shown === null) stream.write(text)
      else stream.write(`${clearLine}${text}${shown}`)
    },
    live(line) {
      if (!inPlace || (line === null && shown === null)) return
      // One column stays free: a line that fills the last one wraps on some terminals.
      shown = line === null ? null : cutToWidth(line, (stream.columns ?? defaultColumns) - 1)
      stream.write(`${clearLine}${shown ?? ''}`)
    },
  }
}

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' })

/**
 * As much of `text` as fits into `columns`, its end kept: of what is being said, the last words are the news. A
 * character counts as one column, East Asian wide ones and emoji as two.
 */
export function cutToWidth(text: string, columns: number): string {
  const parts = Array.from(graphemes.segment(text), ({ segment }) => segment)
  const width = parts.reduce((sum, part) => sum + widthOf(part), 0)
  if (width <= columns) return text
  let free = columns - 1
  let from = parts.length
  while (from > 0 && widthOf(parts[from - 1] ?? '') <= free) {
    from -= 1
    free -= widthOf(parts[from] ?? '')
  }
  return columns < 1 ? '' : `…${parts.slice(from).join('')}`
}

function widthOf(grapheme: string): number {
  return /\p{Extended_Pictographic}|[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]/u.test(
    grapheme,
  )
    ? 2
    : 1
}
