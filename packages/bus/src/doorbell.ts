import { isBoardEvent, type CallEvent, type Interim, type TenantAlert } from '@callwire/contracts'
import { errorFields } from '@callwire/runtime'
import { createAppender } from './appender.ts'
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

type Publication = { message: DoorbellMessage; channels: readonly string[] }

/**
 * What is rung at one moment goes to Redis together, on a connection of the doorbell's own.
 *
 * @param o - `onLost`: told of each ring that could not be published, for a metric
 */
export function createDoorbell(conn: BusConnection, o: { onLost?: () => void } = {}): Doorbell {
  const publisher = createAppender(() => conn.batching('doorbell'))
  const publish = async (messages: readonly Publication[]) => {
    if (messages.length === 0) return
    try {
      await Promise.all(
        messages.flatMap(({ channels, message }) => {
          const text = JSON.stringify(message)
          return channels.map((at) => publisher.send(['PUBLISH', at, text], { urgent: true }))
        }),
      )
    } catch (error) {
      conn.log.debug(errorFields(error), 'publication lost')
      o.onLost?.()
    }
  }
  return {
    ringEvents: (tenantId, events) =>
      publish(
        events.map((event) => ({
          message: { kind: 'event', tenantId, event },
          channels: isBoardEvent(event.type)
            ? [names.callChannel(event.callId), names.tenantChannel(tenantId)]
            : [names.callChannel(event.callId)],
        })),
      ),
    ringInterim: (tenantId, callId, interim) =>
      publish([
        {
          message: { kind: 'interim', tenantId, callId, interim },
          channels: [names.callChannel(callId)],
        },
      ]),
    ringAlert: (tenantId, alert) =>
      publish([
        { message: { kind: 'alert', tenantId, alert }, channels: [names.tenantChannel(tenantId)] },
      ]),
  }
}
