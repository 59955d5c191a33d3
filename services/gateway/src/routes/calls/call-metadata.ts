import { metadataSchema } from '@callwire/contracts'
import { openContent, sealContent, type ContentRing, type Sealed } from '@callwire/crypto'
import { sealContexts } from '@callwire/keyring'

type Metadata = Record<string, string>

/** A call's free fields, sealed to its row as JSON. */
export type CallMetadata = {
  seal(tenantId: string, callId: string, metadata: Metadata): Sealed
  open(tenantId: string, callId: string, sealed: Sealed): Metadata
}

export function createCallMetadata(ring: ContentRing): CallMetadata {
  return {
    seal: (tenantId, callId, metadata) =>
      sealContent(ring, sealContexts.metadata(tenantId, callId), JSON.stringify(metadata)),
    open: (tenantId, callId, sealed) => {
      const context = sealContexts.metadata(tenantId, callId)
      const text = openContent(ring, context, sealed).toString('utf8')
      return metadataSchema.parse(JSON.parse(text))
    },
  }
}
