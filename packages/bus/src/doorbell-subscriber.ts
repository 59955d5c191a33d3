import type { BusConnection } from './connection.ts'
import type { DoorbellMessage } from './doorbell.ts'
import { names } from './names.ts'

export type DoorbellListener = (message: DoorbellMessage) => void

export type DoorbellSubscriber = {
  /** Resolves when listening; calling the result stops it. Never rejects: see `onLost`. */
  onCall(callId: string, listener: DoorbellListener): Promise<() => Promise<void>>
  onTenant(tenantId: string, listener: DoorbellListener): Promise<() => Promise<void>>
  /** Publications were missed and are heard again from now on: catch up from the ledger. */
  onLost(listener: () => void): () => void
}

export function createDoorbellSubscriber(conn: BusConnection): DoorbellSubscriber {
  const listen = (channel: string, listener: DoorbellListener) =>
    conn.subscriptions.listen(channel, (text) => {
      const message = parse(text)
      if (message === null) conn.log.debug({ channel }, 'publication not understood')
      else listener(message)
    })
  return {
    onCall: (callId, listener) => listen(names.callChannel(callId), listener),
    onTenant: (tenantId, listener) => listen(names.tenantChannel(tenantId), listener),
    onLost: (listener) => conn.subscriptions.onLost(listener),
  }
}

const kinds = new Set(['event', 'interim', 'alert'])

/** Only our own processes publish, so the shape is believed and only foreign text is refused. */
function parse(text: string): DoorbellMessage | null {
  try {
    const value: unknown = JSON.parse(text)
    const known =
      typeof value === 'object' &&
      value !== null &&
      'kind' in value &&
      typeof value.kind === 'string' &&
      kinds.has(value.kind)
    return known ? (value as DoorbellMessage) : null
  } catch {
    return null
  }
}
