import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * A secret of this data directory: generated the first time, the same ever after. Written beside its place and moved
 * into it, so that a crash leaves none or the whole; only this user may read it.
 */
export function keptSecret(dataDir: string, name: string, generate: () => string): string {
  const dir = join(dataDir, 'secrets')
  mkdirSync(dir, { recursive: true, mode: 0o700 })
  const file = join(dir, name)
  const kept = read(file)
  if (kept !== '') return kept
  const made = generate()
  writeFileSync(`${file}.new`, `${made}\n`, { mode: 0o600 })
  renameSync(`${file}.new`, file)
  return made
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim()
  } catch {
    return ''
  }
}

const keyBytes = 32

export const generatedToken = (): string => randomBytes(keyBytes).toString('base64url')
