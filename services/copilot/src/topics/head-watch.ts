import type { Ledger } from '@callwire/ledger'

/** A watched call: told of its head, whatever the doorbell said. */
export type Watcher = { tenantId: string; callId: string; head(seq: number): void }

export type HeadWatch = {
  watch(watcher: Watcher): () => void
  watchBoard(look: () => void): () => void
  /** Asks the ledger once for all watched calls. */
  look(): Promise<void>
}

/** Calls asked for in one statement. */
const BATCH = 500

export function createHeadWatch(ledger: Pick<Ledger, 'heads'>): HeadWatch {
  const watchers = new Set<Watcher>()
  const boards = new Set<() => void>()
  return {
    watch(watcher) {
      watchers.add(watcher)
      return () => watchers.delete(watcher)
    },
    watchBoard(look) {
      boards.add(look)
      return () => boards.delete(look)
    },
    async look() {
      for (const look of boards) look()
      const byTenant = Map.groupBy(watchers, (watcher) => watcher.tenantId)
      for (const [tenantId, own] of byTenant) {
        const callIds = [...new Set(own.map((watcher) => watcher.callId))]
        for (let i = 0; i < callIds.length; i += BATCH) {
          const heads = await ledger.heads(tenantId, callIds.slice(i, i + BATCH))
          for (const watcher of own) {
            const seq = heads.get(watcher.callId)
            if (seq !== undefined) watcher.head(seq)
          }
        }
      }
    },
  }
}
