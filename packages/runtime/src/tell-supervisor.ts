import { writeSync } from 'node:fs'

/**
 * What a process that was told to end alone says when live work keeps it for a while: it takes
 * nothing new, and a successor may be started beside it.
 */
export const DRAINING = 'draining'

/**
 * Says one word to the supervisor, a line on the descriptor that it named in
 * `CALLWIRE_SUPERVISOR_FD`. Without a supervisor, or after its end, nobody hears it.
 */
export function tellSupervisor(descriptor: number | null, word: typeof DRAINING): void {
  if (descriptor === null) return
  try {
    writeSync(descriptor, `${word}\n`)
  } catch {
    // The supervisor is gone, or the descriptor is something else: we end all the same.
  }
}
