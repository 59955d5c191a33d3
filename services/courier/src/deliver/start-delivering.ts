import { errorFields } from '@callwire/runtime'
import { createBell } from '../bell.ts'
import type { CourierDeps, EndpointId } from '../deps.ts'
import { attempt } from './attempt.ts'
import { claimMessages, type Claimed } from './claim-messages.ts'
import { decideOutcome } from './decide-outcome.ts'
import type { Lanes } from './lanes.ts'
import { recordOutcome } from './record-outcome.ts'
import { giveBack } from './write-outcome.ts'

/** Found in one look; what is left over goes in the next. */
const batchSize = 128

export type Delivering = AsyncDisposable & {
  /** There may be something to send. */
  wake(): void
}

/**
 * Sends what is due, many side by side within their lanes. Disposing begins nothing more, lets what
 * is on its way end for a while, then cuts it and gives it back.
 */
export function startDelivering(d: CourierDeps, lanes: Lanes): Delivering {
  const { clock, limits, log, stopping } = d
  const bell = createBell(clock)
  const underWay = new Set<Promise<void>>()
  let cut = false

  const deliver = async (message: Claimed) => {
    const attempted = await attempt(d, message)
    if (cut && attempted.kind === 'failed') {
      await giveBack(d, message)
      return
    }
    const { endpoint, attempts } = message
    const { failingSinceMs } = endpoint
    const { random } = d
    const outcome = decideOutcome(attempted, {
      attempts,
      failingSinceMs,
      nowMs: clock.now(),
      random,
    })
    lanes.heard(endpoint.endpointId, outcome.endpoint === 'fails')
    await recordOutcome(d, message, outcome)
  }

  /** Whatever fails here is of ours: the claim runs out, and the message is sent again. */
  const guarded = async (at: EndpointId, work: () => Promise<void>) => {
    try {
      await work()
    } catch (error) {
      log.warn({ endpointId: at.endpointId, ...errorFields(error) }, 'delivery failed')
    }
  }

  const deliverAll = (at: EndpointId, ids: readonly string[]) =>
    guarded(at, async () => {
      const left = new Set(ids)
      const leave = (id: string) => {
        if (left.delete(id)) lanes.leave(id)
      }
      try {
        const claimed = await claimMessages(d, at, ids)
        await Promise.all(
          claimed.map(async (message) => {
            await guarded(at, () => deliver(message))
            leave(message.id)
            bell.ring()
          }),
        )
      } finally {
        for (const id of [...left]) leave(id)
      }
    })

  const look = async () => {
    const limit = Math.min(lanes.free(), batchSize)
    if (limit === 0) return
    const found = await d.database.finder.dueWebhookDeliveries({
      each: limits.lanesPerEndpoint,
      limit,
      busy: lanes.busy(),
    })
    const entered = found.filter((message) => lanes.enter(message.id, message))
    for (const group of Map.groupBy(entered, (message) => message.endpointId).values()) {
      const [first] = group
      if (first === undefined) continue
      const { tenantId, endpointId } = first
      const work = deliverAll(
        { tenantId, endpointId },
        group.map(({ id }) => id),
      )
      underWay.add(work)
      void work.finally(() => underWay.delete(work))
    }
    // As many as could be had: there may be more.
    if (entered.length === limit) bell.ring()
  }

  const loop = async () => {
    while (!stopping.aborted) {
      try {
        await look()
      } catch (error) {
        log.warn({ task: 'deliver', ...errorFields(error) }, 'task failed')
      }
      await bell.sleep(limits.pollMs, stopping)
    }
  }

  const done = loop()
  return {
    wake: () => bell.ring(),
    [Symbol.asyncDispose]: async () => {
      await done
      const cutting = setTimeout(() => {
        cut = true
        void d.sender.close()
      }, limits.drainMs)
      await Promise.all(underWay)
      clearTimeout(cutting)
    },
  }
}
