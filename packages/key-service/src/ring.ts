import { parseMasterRing } from '@callwire/crypto'

import { KeyServiceError } from './key-service-error.ts'
import type { KeyService } from './key-service.ts'

/** Opens rings whose entries a service wrapped, and remembers those of the last one it opened. */
export type RingOpener = {
  /**
   * `kid:wrapped,…` → `kid:base64,…`. An entry that was opened before is never sent again, so a ring
   * that stays as it is outlives its service.
   *
   * @throws CryptoError `invalid_key` for a malformed ring, KeyServiceError naming the key id
   */
  open(text: string): Promise<string>
}

type Entry = { readonly kid: string; readonly wrapped: string }

export function createRingOpener(service: KeyService): RingOpener {
  let opened = new Map<string, string>()
  return {
    async open(text) {
      const entries = entriesOf(text)
      const keys = new Map<string, string>()
      for (const { kid, wrapped } of entries) {
        const entry = `${kid}:${wrapped}`
        const key = opened.get(entry) ?? (await openOne(service, kid, wrapped))
        // At once: when a later one fails, this one need not be asked for again.
        opened.set(entry, key)
        keys.set(entry, key)
      }
      opened = keys
      return entries.map(({ kid, wrapped }) => `${kid}:${keys.get(`${kid}:${wrapped}`)}`).join(',')
    },
  }
}

/** As {@link RingOpener.open}, once. */
export async function unwrapRing(service: KeyService, text: string): Promise<string> {
  return createRingOpener(service).open(text)
}

/** An entry for `ENCRYPTION_KEYS` that holds `key` wrapped. */
export async function wrapEntry(
  service: KeyService,
  kid: string,
  key: Uint8Array,
): Promise<string> {
  // A key id that no ring takes is found before anything is asked.
  const [entry] = entriesOf(`${kid}:`)
  return `${entry?.kid ?? kid}:${await service.wrap(key)}`
}

const anyKey = Buffer.alloc(32).toString('base64')

/** What the service gave may hold colons, so the first one ends the key id. */
function entriesOf(text: string): Entry[] {
  const parts = text.split(',').map((entry) => entry.trim())
  // The ring's own reader judges number, order and key ids before anything leaves this process.
  parseMasterRing(parts.map((entry) => entry.replace(/:[^]*$/, `:${anyKey}`)).join(','))
  return parts.map((entry) => {
    const colon = entry.indexOf(':')
    return { kid: entry.slice(0, colon), wrapped: entry.slice(colon + 1) }
  })
}

async function openOne(service: KeyService, kid: string, wrapped: string): Promise<string> {
  try {
    return Buffer.from(await service.unwrap(wrapped)).toString('base64')
  } catch (error) {
    if (!(error instanceof KeyServiceError) || error.retryable) throw error
    throw new KeyServiceError(error.code, `Key ${kid} cannot be unwrapped. ${error.message}`)
  }
}
