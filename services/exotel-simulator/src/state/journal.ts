import { closeSync, fstatSync, mkdirSync, openSync, writeSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** An append-only file of JSON lines; without a folder it remembers nothing. */
export type JsonLines = { append(line: unknown): void; close(): void }

const NOTHING: JsonLines = { append: () => undefined, close: () => undefined }

/**
 * Each line has reached the system before `append` returns, so what a reply tells of is on file even if the process is
 * killed next. Nothing is forced to disk: a crash of the machine may lose the last lines.
 */
export function openJsonLines(
  folder: string | null,
  name: string,
  onError: (code: string) => void,
): JsonLines {
  if (folder === null) return NOTHING
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const file = openSync(join(folder, name), 'a', 0o600)
  let isOpen = true
  // The line before may be half-written; an empty line parts it from the next and is skipped by readers.
  if (fstatSync(file).size > 0) writeSync(file, '\n')
  return {
    append(line) {
      if (!isOpen) return
      try {
        writeSync(file, `${JSON.stringify(line)}\n`)
      } catch (error) {
        onError((error as NodeJS.ErrnoException).code ?? 'unknown')
      }
    },
    close() {
      if (isOpen) closeSync(file)
      isOpen = false
    },
  }
}

/** Every readable line of such a file; a half-written last line is skipped. */
export async function readJsonLines(folder: string | null, name: string): Promise<unknown[]> {
  if (folder === null) return []
  let text: string
  try {
    text = await readFile(join(folder, name), 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
  const lines: unknown[] = []
  for (const line of text.split('\n')) {
    if (line === '') continue
    try {
      lines.push(JSON.parse(line))
    } catch {
      // The process died while it wrote this line.
    }
  }
  return lines
}
