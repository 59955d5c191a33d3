import { backoffMs, type Clock, type Random } from '@callwire/runtime'

import { KeyServiceError } from './key-service-error.ts'
import type { KeyService } from './key-service.ts'

const tries = 3
/** With three tries the waits come to about two seconds: a service that restarts is back by then, or is down. */
const wait = { baseMs: 750, maxMs: 1_500 }

/** The same service, asked up to three times while it cannot be reached. For starts, where a person waits. */
export function persistent(
  service: KeyService,
  o: { clock: Clock; random: Random; signal?: AbortSignal },
): KeyService {
  const again = async <T>(ask: () => Promise<T>): Promise<T> => {
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await ask()
      } catch (error) {
        const last = attempt + 1 === tries
        if (last || !(error instanceof KeyServiceError) || !error.retryable) throw error
        await o.clock.sleep(backoffMs(attempt, { ...wait, random: o.random }), o.signal)
      }
    }
  }
  return {
    wrap: async (key) => again(() => service.wrap(key)),
    unwrap: async (wrapped) => again(() => service.unwrap(wrapped)),
  }
}
