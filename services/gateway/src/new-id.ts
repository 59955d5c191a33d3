import { ID_RANDOM_BYTES, newId, type IdKind } from '@callwire/contracts'
import type { Clock, Random } from '@callwire/runtime'

export type NewId = (kind: IdKind) => string

export function createNewId(o: { clock: Pick<Clock, 'now'>; random: Random }): NewId {
  return (kind) => newId(kind, { nowMs: o.clock.now(), random: o.random(ID_RANDOM_BYTES) })
}
