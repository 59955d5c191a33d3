import {
  blindIndex,
  openContent,
  sealContent,
  type ContentRing,
  type Sealed,
} from '@callwire/crypto'

/** The other person's number of a call: sealed to its row, found by a keyed index. */
export type PersonNumbers = {
  seal(tenantId: string, callId: string, number: string): Sealed
  open(tenantId: string, callId: string, sealed: Sealed): string
  /** One entry per key of the ring, the primary's first; rows hold the primary's of their time. */
  index(tenantId: string, number: string): string[]
}

const purpose = 'person-number'

export function createPersonNumbers(ring: ContentRing): PersonNumbers {
  const context = (tenantId: string, rowId: string) => ({
    purpose,
    tenantId,
    rowId,
    field: 'person',
  })
  return {
    seal: (tenantId, callId, number) => sealContent(ring, context(tenantId, callId), number),
    open: (tenantId, callId, sealed) =>
      openContent(ring, context(tenantId, callId), sealed).toString('utf8'),
    index: (tenantId, number) => blindIndex(ring, { purpose, tenantId }, number),
  }
}
