import { errorFields } from '@callwire/runtime'
import { createBell } from '../bell.ts'
import type { CourierDeps, EndpointId } from '../deps.ts'
import { findFacts } from './find-facts.ts'
import { listenToTenants } from './listen-to-tenants.ts'

type Deps = Pick<
  CourierDeps,
  'database' | 'subscriber' | 'limits' | 'metrics' | 'clock' | 'random' | 'log' | 'stopping'
>

const idOf = ({ tenantId, id }: { tenantId: string; id: string }): EndpointId => ({
  tenantId,
  endpointId: id,
})

/**
 * Looks for facts that endpoints have not been told: once a second at every endpoint that is behind,
 * which is what can be relied on, and at once at those of a tenant whose doorbell rings.
 *
 * @param onFound - called whenever there is something new to send
 */
export function startFinding(d: Deps, onFound: () => void): AsyncDisposable {
  const { clock, limits, log, stopping } = d
  const bell = createBell(clock)
  const rang = new Set<string>()
  const tenants = listenToTenants(d, (tenantId) => {
    rang.add(tenantId)
    bell.ring()
  })

  const lookAt = async (endpoint: EndpointId) => {
    try {
      for (;;) {
        const { messages, more } = await findFacts(d, endpoint)
        if (messages > 0) {
          d.metrics.found(messages)
          onFound()
        }
        if (!more || stopping.aborted) return
      }
    } catch (error) {
      log.warn({ endpointId: endpoint.endpointId, ...errorFields(error) }, 'look for facts failed')
    }
  }
  const lookAtAll = async (endpoints: readonly EndpointId[]) => {
    const rest = endpoints.values()
    const lane = async () => {
      for (const endpoint of rest) {
        if (stopping.aborted) return
        await lookAt(endpoint)
      }
    }
    await Promise.all(Array.from({ length: limits.scansAtOnce }, lane))
  }

  let endpoints: EndpointId[] = []
  const lookAround = async () => {
    const { finder } = d.database
    try {
      endpoints = (await finder.activeWebhookEndpoints()).map(idOf)
      await tenants.follow(endpoints.map(({ tenantId }) => tenantId))
      const { lookBehindMs, noteScanMs: notedMs } = limits
      await lookAtAll((await finder.webhookEndpointsBehind({ lookBehindMs, notedMs })).map(idOf))
    } catch (error) {
      log.warn({ task: 'find facts', ...errorFields(error) }, 'task failed')
    }
  }

  /** Sleeps until the next look around, but for tenants that ring meanwhile. */
  const answerBells = async () => {
    const until = clock.monotonicMs() + limits.scanMs
    for (;;) {
      const left = until - clock.monotonicMs()
      if (left <= 0 || stopping.aborted) return
      await bell.sleep(left, stopping)
      if (rang.size === 0) continue
      const woken = new Set(rang)
      rang.clear()
      await lookAtAll(endpoints.filter(({ tenantId }) => woken.has(tenantId)))
      await rest(limits.gatherMs)
    }
  }

  const loop = async () => {
    while (!stopping.aborted) {
      await lookAround()
      await answerBells()
    }
  }
  const rest = async (ms: number) => {
    try {
      await clock.sleep(ms, stopping)
    } catch {
      // Only an abort ends a sleep early.
    }
  }

  const done = loop()
  return {
    [Symbol.asyncDispose]: async () => {
      await done
      await tenants[Symbol.asyncDispose]()
    },
  }
}
