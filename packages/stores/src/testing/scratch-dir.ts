import { randomBytes } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/**
 * A new directory of our own that other users may pass through, as PostgreSQL's does when tests run as root. Whoever
 * makes one removes it: the name holds the pids of our parent and of us, by which a run finds what its tests left.
 */
export async function scratchDir(name: string): Promise<string> {
  const maker = `${process.ppid}-${process.pid}-${randomBytes(6).toString('hex')}`
  const dir = join(tmpdir(), `callwire-${name}-${maker}`)
  await mkdir(dir, { mode: 0o711 })
  return dir
}
