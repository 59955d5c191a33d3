import { createWriteStream, mkdirSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** An append-only file of JSON lines; without a folder it remembers nothing. */
export type JsonLines = { append(line: unknown): void; close(): Promise<void> }

const NOTHING: JsonLines = { append: () => undefined, close: () => Promise.resolve() }

/** Lines are handed to the system at once and never forced to disk: a crash of the machine may lose the last ones. */
export function openJsonLines(
  folder: string | null,
  name: string,
  onError: (code: string) => void,
): JsonLines {
  if (folder === null) return NOTHING
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const stream = createWriteStream(join(folder, name), { flags: 'a', mode: 0o600 })
  stream.on('error', (error: NodeJS.ErrnoException) => onError(error.code ?? 'unknown'))
  return {
    append: (line) => void stream.write(`${JSON.stringify(line)}\n`),
    close: () => new Promise((resolve) => stream.end(resolve)),
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
