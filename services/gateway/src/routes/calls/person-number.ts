import { openContent, sealContent, type ContentRing, type Sealed } from '@callwire/crypto'
import { personIndex, sealContexts } from '@callwire/keyring'
import { first } from '../../http/reply.ts'

/** The other person's number of a call: sealed to its row, found by a keyed index. */
export type PersonNumbers = {
  /** Both columns of a row at once: sealed under one key, whatever key becomes primary meanwhile. */
  columns(
    tenantId: string,
    callId: string,
    number: string,
  ): { personSealed: Sealed; personIndex: string }
  open(tenantId: string, callId: string, sealed: Sealed): string
  /** One entry per key of the ring, the primary's first; rows hold the primary's of their time. */
  index(tenantId: string, number: string): string[]
}

export function createPersonNumbers(ring: ContentRing): PersonNumbers {
  return {
    columns: (tenantId, callId, number) => ({
      personSealed: sealContent(ring, sealContexts.person(tenantId, callId), number),
      personIndex: first(personIndex(ring, tenantId, number)),
    }),
    open: (tenantId, callId, sealed) =>
      openContent(ring, sealContexts.person(tenantId, callId), sealed).toString('utf8'),
    index: (tenantId, number) => personIndex(ring, tenantId, number),
  }
}
