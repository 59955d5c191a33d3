import type { CallEvent } from '@callwire/contracts'
import { commitOf, genesisHash, nextHash } from './chain.ts'

export type ChainCheck = { ok: true; hash: string } | { ok: false; seq: number }

/**
 * Follows a call's chain from its beginning. `seq` is the first place where an event is missing,
 * was changed, or belongs elsewhere. Erased events count by their commit.
 */
export function verifyChain(callId: string, events: readonly CallEvent[]): ChainCheck {
  let hash = genesisHash(callId)
  for (const [index, event] of events.entries()) {
    const seq = index + 1
    const commit = event.data === null ? event.commit : commitOf(event)
    hash = nextHash(hash, commit)
    if (event.seq !== seq || event.callId !== callId || event.hash !== hash) {
      return { ok: false, seq }
    }
  }
  return { ok: true, hash }
}
