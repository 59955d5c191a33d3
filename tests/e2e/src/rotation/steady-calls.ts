import type { Call } from '@callwire/contracts'
import type { Client } from '@callwire/sdk'
import { eventually } from '@callwire/testkit'

/** Calls that are placed one after the other, for as long as it takes. */
export type SteadyCalls = {
  placed(): number
  /** Places no more; gives each call once it has ended. */
  stop(): Promise<Call[]>
}

export function placeSteadily(
  client: Client,
  o: { phoneIds: readonly string[]; everyMs: number; boundMs: number },
): SteadyCalls {
  const ids: string[] = []
  const stopping = new AbortController()
  const placing = (async () => {
    for (let n = 0; !stopping.signal.aborted; n += 1) {
      const phoneId = o.phoneIds[n % o.phoneIds.length] ?? ''
      const to = `+91986${String(n).padStart(7, '0')}`
      ids.push((await client.calls.place({ phoneId, to })).call.id)
      await new Promise((resolve) => setTimeout(resolve, o.everyMs))
    }
  })()
  const final = new Set<string>(['completed', 'failed', 'busy', 'no-answer', 'canceled'])
  return {
    placed: () => ids.length,
    async stop() {
      stopping.abort()
      await placing
      const ended: Call[] = []
      for (const id of ids) {
        ended.push(
          await eventually(
            async () => {
              const { call } = await client.calls.get(id)
              return final.has(call.status) ? call : null
            },
            { boundMs: o.boundMs, what: `the end of ${id}` },
          ),
        )
      }
      return ended
    },
  }
}
