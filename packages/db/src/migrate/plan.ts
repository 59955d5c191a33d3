import { DbError } from '../db-error.ts'
import type { Script } from './script.ts'

export type Applied = { name: string; checksum: string }

export type Plan =
  | { kind: 'run'; scripts: Script[] }
  /** The database was migrated by newer code. */
  | { kind: 'ahead'; name: string }
  /** A migration was edited after it ran. */
  | { kind: 'changed'; name: string }

/** The known migrations up to the last that is named. Throws DbError `migration` for a name that is not known. */
export function planUpTo(known: readonly Script[], upTo?: readonly string[]): Script[] {
  if (upTo === undefined) return [...known]
  for (const [index, name] of upTo.entries()) {
    if (known[index]?.name === name) continue
    throw new DbError({
      code: 'migration',
      message: `This version does not know migration ${name}`,
    })
  }
  return known.slice(0, upTo.length)
}

/** What is left to run of `known`, given what has run. Both in order. */
export function planMigrations(known: readonly Script[], applied: readonly Applied[]): Plan {
  for (const [index, done] of applied.entries()) {
    const script = known[index]
    if (script?.name !== done.name) return { kind: 'ahead', name: done.name }
    if (script.checksum !== done.checksum) return { kind: 'changed', name: done.name }
  }
  return { kind: 'run', scripts: known.slice(applied.length) }
}

/**
 * Which of the rebuilt files to run: those that changed, and all of them after a new migration,
 * because a new table needs its fence.
 */
export function planRebuilt(
  known: readonly Script[],
  applied: readonly Applied[],
  migrated: boolean,
): Script[] {
  const checksums = new Map(applied.map((done) => [done.name, done.checksum]))
  const stale = known.some((script) => checksums.get(script.name) !== script.checksum)
  return migrated || stale ? [...known] : []
}
