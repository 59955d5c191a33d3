import { openRings, sealRings, type OpenRing, type SealRing } from './hpke-rings.ts'
import type { Arrangement } from './ring.ts'
import type { RingDescription } from './ring-kind.ts'
import {
  contentRings,
  macRings,
  masterRings,
  type ContentRing,
  type MacRing,
  type MasterRing,
} from './secret-rings.ts'

/** A ring that a service holds. */
export type KeyRing = SealRing | OpenRing | ContentRing | MacRing

/**
 * Replaces a ring's keys in place: whoever holds the ring seals and opens with the new ones from its
 * next call on. Throws `invalid_key`, also when the text lacks the primary, and leaves the ring as
 * it was.
 */
export function rearrangeRing(ring: KeyRing, text: string, arrangement: Arrangement = {}): void {
  if (sealRings.holds(ring)) sealRings.rearrange(ring, text, arrangement)
  else if (openRings.holds(ring)) openRings.rearrange(ring, text, arrangement)
  else if (contentRings.holds(ring)) contentRings.rearrange(ring, text, arrangement)
  else macRings.rearrange(ring, text, arrangement)
}

/**
 * Which keys a ring holds, each with a check value that is no secret and the same for both halves of
 * a pair: two processes that name one key id and show other values hold other keys.
 */
export function describeRing(ring: KeyRing): RingDescription {
  if (sealRings.holds(ring)) return sealRings.describe(ring)
  if (openRings.holds(ring)) return openRings.describe(ring)
  if (contentRings.holds(ring)) return contentRings.describe(ring)
  return macRings.describe(ring)
}

/** The ids of the root keys, the primary's first. */
export function masterKeyIds(ring: MasterRing): string[] {
  return [...masterRings.reveal(ring).byId.keys()]
}
