import type { Metrics } from '@callwire/runtime'
import type { KeyWatch } from './watch-keys.ts'

/** One series per key of each ring, read when somebody asks: it is 1 for as long as the key is held. */
export function measureHeldKeys(metrics: Metrics, watch: Pick<KeyWatch, 'kids'>): void {
  metrics.gauge({
    name: 'callwire_keys_held',
    help: 'Keys held right now, by ring; `primary` is "true" for the one that seals',
    labelNames: ['ring', 'kid', 'primary'],
    collect() {
      this.reset()
      for (const { ring, kid, primary } of watch.kids()) {
        this.set({ ring, kid, primary: String(primary) }, 1)
      }
    },
  })
}
