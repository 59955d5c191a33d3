import type { LookupAddress } from 'node:dns'
import { lookup, Resolver } from 'node:dns/promises'
import type { Resolve } from './guarded-lookup.ts'

/** A name server that does not answer by then counts as none; the next attempt is for later. */
const askMs = 2_000
const asks = 2

/**
 * The addresses of a stranger's host, asked over the network alone. The machine's own look-up would
 * take one of a handful of threads for as long as it waits: a few hosts whose name servers hang could
 * keep everybody's messages waiting.
 */
export function strangersResolve(o: { servers?: readonly string[] } = {}): Resolve {
  const resolver = new Resolver({ timeout: askMs, tries: asks })
  if (o.servers !== undefined) resolver.setServers([...o.servers])
  return async (host) => {
    const [v4, v6] = await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)])
    const found: LookupAddress[] = []
    if (v4.status === 'fulfilled') {
      found.push(...v4.value.map((address) => ({ address, family: 4 })))
    }
    if (v6.status === 'fulfilled') {
      found.push(...v6.value.map((address) => ({ address, family: 6 })))
    }
    return found
  }
}

/** The addresses of a host that the operator named, as the machine knows them: /etc/hosts, too. */
export const machineResolve: Resolve = (host) => lookup(host, { all: true, order: 'verbatim' })
