import { randomBytes } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A new directory of our own that other users may pass through, as PostgreSQL's does when tests run as root. */
export async function scratchDir(name: string): Promise<string> {
  const dir = join(tmpdir(), `callwire-${name}-${randomBytes(6).toString('hex')}`)
  await mkdir(dir, { mode: 0o711 })
  return dir
}
