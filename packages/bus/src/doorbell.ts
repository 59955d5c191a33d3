import { isBoardEvent, type CallEvent, type Interim, type TenantAlert } from '@callwire/contracts'
import { errorFields } from '@callwire/runtime'
import type { BusConnection } from './connection.ts'
import { names } from './names.ts'

export type DoorbellMessage =
  | { kind: 'event'; tenantId: string; event: CallEvent }
  | { kind: 'interim'; tenantId: string; callId: string; interim: Interim }
  | { kind: 'alert'; tenantId: string; alert: TenantAlert }

/**
 * Tells whoever listens that something was committed. A publication may be lost (listeners
 * compare with the ledger), so none of these reject.
 */
export type Doorbell = {
  /** All events to their call's channel, in order; those of the board's types to the tenant's too. */
  ringEvents(tenantId: string, events: readonly CallEvent[]): Promise<void>
  ringInterim(tenantId: string, callId: string, interim: Interim): Promise<void>
  ringAlert(tenantId: string, alert: TenantAlert): Promise<void>
}

/** `onLost` is told of each batch that could not be published, for a metric. */
export function createDoorbell(conn: BusConnection, o: { onLost?: () => void } = {}): Doorbell {
  const publish = async (messages: readonly (readonly [channel: string, DoorbellMessage])[]) => {
    if (messages.length === 0) return
    try {
      const pipeline = conn.command.pipeline()
      for (const [channel, message] of messages) pipeline.publish(channel, JSON.stringify(message))
      const results = await pipeline.exec()
      const failed = results?.find(([error]) => error !== null)?.[0]
      if (failed != null) throw failed
    } catch (error) {
      conn.log.debug(errorFields(error), 'publication lost')
      o.onLost?.()
    }
  }
  return {
    ringEvents: (tenantId, events) =>
      publish(
        events.flatMap((event) => {
          const message: DoorbellMessage = { kind: 'event', tenantId, event }
          const channels = [names.callChannel(event.callId)]
          if (isBoardEvent(event.type)) channels.push(names.tenantChannel(tenantId))
          return channels.map((channel) => [channel, message] as const)
        }),
      ),
    ringInterim: (tenantId, callId, interim) =>
      publish([[names.callChannel(callId), { kind: 'interim', tenantId, callId, interim }]]),
    ringAlert: (tenantId, alert) =>
      publish([[names.tenantChannel(tenantId), { kind: 'alert', tenantId, alert }]]),
  }
}
