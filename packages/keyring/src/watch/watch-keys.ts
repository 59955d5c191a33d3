import type { KeyRing, ServiceKeys } from '@callwire/crypto'
import type { KeyStore } from '@callwire/db'
import type { Clock, Logger, Random } from '@callwire/runtime'

/** A ring as a service's configuration gives it. */
export type HeldRing = {
  readonly name: keyof ServiceKeys
  readonly ring: KeyRing
  /** The text it was read from. */
  readonly text: string
  /** The file it came from, which is looked at again; null when it came by the environment. */
  readonly file: string | null
}

/** A process's rings, kept what the files and the database say. Disposing says goodbye. */
export type KeyWatch = AsyncDisposable & {
  /** Rejects while the key that the install seals with is not held: for `/readyz`. */
  check(): Promise<void>
  /** Every key held now: for a metric. */
  kids(): { kid: string; ring: keyof ServiceKeys; primary: boolean }[]
}

export type WatchKeysOptions = {
  readonly keys: KeyStore
  readonly service: string
  readonly rings: readonly HeldRing[]
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  readonly signal: AbortSignal
}
