import { readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pid } from 'node:process'

/**
 * Fails a run whose tests left scratch directories behind, names them, and removes them. Directories of
 * other runs, and of this process itself, whose stores may still be up, are not looked at.
 */
export default function setup(): () => void {
  const before = new Set(leftBy(pid))
  return () => {
    const left = leftBy(pid).filter((name) => !before.has(name))
    for (const name of left) rmSync(join(tmpdir(), name), { recursive: true, force: true })
    if (left.length > 0) throw new Error(`Tests left these in ${tmpdir()}: ${left.join(', ')}`)
  }
}

/** Scratch directories that workers of the process `parent` have made: `scratchDir` puts both pids into the name. */
function leftBy(parent: number): string[] {
  const made = new RegExp(`^callwire-.+-${String(parent)}-\\d+-[0-9a-f]{12}$`)
  return readdirSync(tmpdir()).filter((name) => made.test(name))
}
