import { metadataSchema } from '@callwire/contracts'
import { openContent, sealContent, type ContentRing, type Sealed } from '@callwire/crypto'

type Metadata = Record<string, string>

/** A call's free fields, sealed to its row as JSON. */
export type CallMetadata = {
  seal(tenantId: string, callId: string, metadata: Metadata): Sealed
  open(tenantId: string, callId: string, sealed: Sealed): Metadata
}

export function createCallMetadata(ring: ContentRing): CallMetadata {
  const context = (tenantId: string, rowId: string) => ({
    purpose: 'call-metadata',
    tenantId,
    rowId,
    field: 'metadata',
  })
  return {
    seal: (tenantId, callId, metadata) =>
      sealContent(ring, context(tenantId, callId), JSON.stringify(metadata)),
    open: (tenantId, callId, sealed) => {
      const text = openContent(ring, context(tenantId, callId), sealed).toString('utf8')
      return metadataSchema.parse(JSON.parse(text))
    },
  }
}
