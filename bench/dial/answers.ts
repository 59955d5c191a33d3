import { eventually } from '@callwire/stores/testing'
import type { Child } from '../lib/child.ts'

const READY_MS = 60_000

/** Waits until an address answers well, or says what the processes behind it said as they ended. */
export async function answers(url: string, children: readonly Child[]): Promise<void> {
  await eventually(
    async () => {
      const gone = children.find((child) => child.ended())
      if (gone !== undefined) throw new Error(`a process ended:\n${gone.output()}`)
      try {
        const response = await fetch(url)
        await response.arrayBuffer()
        return response.ok
      } catch {
        // Not listening yet.
        return false
      }
    },
    { boundMs: READY_MS, what: url },
  )
}
