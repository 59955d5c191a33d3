import type { Queues } from '@callwire/bus'
import { sealContent, type ContentRing } from '@callwire/crypto'
import { callbackInbox, type Database } from '@callwire/db'
import { sealContexts } from '@callwire/keyring'
import type { BestEffort } from '../../best-effort.ts'
import type { NewId } from '../../new-id.ts'
import type { CallbackFields } from './callback-fields.ts'

export type StoreCallbackDeps = {
  database: Pick<Database, 'withTenant'>
  queues: Pick<Queues, 'wakeCallback'>
  bestEffort: BestEffort
  newId: NewId
  ring: ContentRing
}

/**
 * Puts what Exotel says of a call into the inbox, sealed, and wakes a dialer for it. Once this
 * resolves it is safe: a wake-up that is lost is made good by a sweep.
 */
export async function storeCallback(
  deps: StoreCallbackDeps,
  call: { tenantId: string; callId: string },
  body: { kind: 'status' | 'passthru'; contentType: string; fields: CallbackFields },
): Promise<void> {
  const { tenantId, callId } = call
  const id = deps.newId('callback')
  const context = sealContexts.callbackBody(tenantId, id)
  const bodySealed = sealContent(deps.ring, context, JSON.stringify(body))
  await deps.database.withTenant(tenantId, async (tx) => {
    await tx.insert(callbackInbox).values({ tenantId, id, callId, bodySealed })
  })
  deps.bestEffort.run('wake for callback', () => deps.queues.wakeCallback({ tenantId, callId }))
}
