import type { ContentRing, OpenRing } from '@callwire/crypto'
import type { SealedPlace, Tx } from '@callwire/db'

/** The rings that open what there is to re-seal: a process has those it was given, and no others. */
export type OpeningRings = {
  readonly credentialRing?: OpenRing
  readonly contentRing?: ContentRing
  readonly webhookRing?: OpenRing
}

/** A row as it was read: ids and sealed text, nothing opened. */
export type PlacedRow = {
  readonly id: string
  /** The key its sealed text names. */
  readonly kid: string | null
  /** Opens it and throws the plaintext away. Throws `unseal_failed`. */
  check(rings: OpeningRings): void
  /** Seals it anew under the rings' primary. Throws `unseal_failed`. */
  reseal(rings: OpeningRings): Resealed
}

/** What a column held when it was read, and what it is to hold: in pairs, as the place orders them. */
export type Resealed = {
  readonly id: string
  readonly was: readonly string[]
  readonly becomes: readonly string[]
}

/** One place of sealed text: how its rows are read, opened and replaced. */
export type Place = {
  readonly place: SealedPlace
  /** The ring that opens its rows: a process without it leaves the place to others. */
  readonly ring: keyof OpeningRings
  /** The table and the sealed columns, as the catalogue names them. */
  readonly table: string
  readonly columns: readonly string[]
  load(tx: Tx, tenantId: string, ids: readonly string[]): Promise<PlacedRow[]>
  /**
   * Replaces the rows that still hold what was read, in one statement; a row that was edited
   * meanwhile stays as it is. So nothing needs to be locked, or skipped because another has locked
   * it, while the keys are computed: whoever edits never waits for a rotation.
   */
  write(tx: Tx, tenantId: string, rows: readonly Resealed[]): Promise<void>
}

/** A ring that the place's work was begun with. Throws TypeError where it is not held. */
export function heldFor<Name extends keyof OpeningRings>(
  rings: OpeningRings,
  name: Name,
): NonNullable<OpeningRings[Name]> {
  const ring = rings[name]
  if (ring === undefined) throw new TypeError(`${name} is not held`)
  return ring
}
