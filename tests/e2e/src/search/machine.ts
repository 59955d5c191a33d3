import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join, relative } from 'node:path'
import type { Sink } from './needles.ts'

/**
 * Where secrets are kept on purpose, each with mode 0600: what is generated, each service's rings, and the run
 * file with the database's URL.
 */
const kept = /^(?:secrets\/|rings\/|run\.json$)/

/** Every file below a folder that holds no secret on purpose: logs, the stores' own files, locks. */
export function fileSinks(folder: string): Sink[] {
  return filesOf(folder)
    .filter(({ path }) => !kept.test(path))
    .flatMap(({ path, file }) => {
      const bytes = contentOf(file)
      return bytes === null ? [] : [{ name: `file ${path}`, bytes }]
    })
}

/** Files that hold secrets on purpose and that somebody else may read. */
export function readableByOthers(folder: string): string[] {
  return filesOf(folder)
    .filter(({ path, file }) => kept.test(path) && (statSync(file).mode & 0o077) !== 0)
    .map(({ path }) => path)
}

function filesOf(folder: string): { path: string; file: string }[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => {
      const file = join(entry.parentPath, entry.name)
      return { path: relative(folder, file), file }
    })
}

/** A store may remove a file of its own while we look. */
function contentOf(file: string): Buffer | null {
  try {
    return readFileSync(file)
  } catch {
    return null
  }
}

/** How every process of the machine was called: what `ps` shows to everybody. */
export function commandLineSinks(): Sink[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      const bytes = contentOf(`/proc/${pid}/cmdline`)
      return bytes === null ? [] : [{ name: `command line ${pid}`, bytes }]
    })
}

/** The environment of a process that runs. */
export function environmentOf(pid: number): Record<string, string> {
  const entries = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0')
  return Object.fromEntries(
    entries.filter((entry) => entry !== '').map((entry) => splitAt(entry, '=')),
  )
}

/** What a process has of secrets: its variables, and the content of each file that a `…_FILE` of them names. */
export function secretsOf(pid: number): Record<string, string> {
  const env = environmentOf(pid)
  const files = Object.entries(env).filter(([name]) => name.endsWith('_FILE'))
  return {
    ...env,
    ...Object.fromEntries(
      files.map(([name, file]) => [name.slice(0, -'_FILE'.length), readFileSync(file, 'utf8')]),
    ),
  }
}

export function splitAt(text: string, mark: string): [string, string] {
  const at = text.indexOf(mark)
  return [text.slice(0, at), text.slice(at + mark.length)]
}
