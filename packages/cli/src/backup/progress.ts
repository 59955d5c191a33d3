import { createTerminal } from '../call-view/terminal.ts'
import type { Stream } from '../output.ts'

const EVERY_MS = 100

export type Progress = {
  /** The line is made only when it is time to show one. */
  show(line: () => string): void
  end(): void
}

/** One line that is replaced in place, on a terminal alone. */
export function createProgress(stream: Stream, monotonicMs: () => number): Progress {
  const terminal = createTerminal(stream)
  let shownAt = -Infinity
  return {
    show(line) {
      if (stream.isTTY !== true || monotonicMs() - shownAt < EVERY_MS) return
      shownAt = monotonicMs()
      terminal.live(line())
    },
    end: () => terminal.live(null),
  }
}

/** 1536 → 1.5 KiB. */
export function inBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  const step = Math.min(Math.floor(Math.log2(Math.max(bytes, 1)) / 10), units.length - 1)
  const value = bytes / 1_024 ** step
  return `${step === 0 ? value : value.toFixed(1)} ${units[step] ?? ''}`
}

export function inRows(rows: number): string {
  return `${rows} ${rows === 1 ? 'row' : 'rows'}`
}
