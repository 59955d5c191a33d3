import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { join } from 'node:path'

export type LogTarget = {
  /** Where a process's log goes. */
  fdFor(name: string): number
  /** What a person is told about where to look. */
  readonly described: string
  /** The last line of a process's log that is no JSON: the sentence it ended with. */
  lastWords(name: string): string
  close(): void
}

const standardError = 2
const tailBytes = 4_096

/** Standard error as it is, or one file per process below `dir`, which keeps a person's terminal readable. */
export function logTarget(dir: string, toFiles: boolean): LogTarget {
  const files = new Map<string, number>()
  return {
    described: toFiles ? `the files in ${dir}` : 'its log',
    fdFor(name) {
      if (!toFiles) return standardError
      const known = files.get(name)
      if (known !== undefined) return known
      const fd = openSync(join(dir, `${name}.log`), 'a+', 0o600)
      files.set(name, fd)
      return fd
    },
    lastWords(name) {
      const fd = files.get(name)
      return fd === undefined ? '' : lastPlainLine(tailOf(fd))
    },
    close() {
      for (const fd of files.values()) closeSync(fd)
      files.clear()
    },
  }
}

function tailOf(fd: number): string {
  const { size } = fstatSync(fd)
  const buffer = Buffer.alloc(Math.min(size, tailBytes))
  readSync(fd, buffer, 0, buffer.length, size - buffer.length)
  return buffer.toString('utf8')
}

/** Log lines, and what Node prints around an error that nobody caught. */
const noise = /^(\{|\}|\s|Node\.js v)/

export function lastPlainLine(text: string): string {
  const lines = text.split('\n').filter((line) => line.trim() !== '' && !noise.test(line))
  return lines.at(-1) ?? ''
}
