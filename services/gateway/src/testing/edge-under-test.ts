import { randomBytes } from 'node:crypto'
import { macToken, parseContentRing, parseMacRing, verifyMacToken } from '@callwire/crypto'
import {
  addressRanges,
  createHealth,
  createMetrics,
  systemClock,
  verifyEdgeProof,
} from '@callwire/runtime'
import { captureLogs } from '@callwire/testkit'
import { buildApp } from '../app.ts'
import type { Authenticate } from '../http/authenticate.ts'
import type { Route } from '../http/route.ts'
import { createSplice, type Address, type Splice } from '../splice/create-splice.ts'

export type EdgeUnderTest = AsyncDisposable & {
  port: number
  splice: Splice
  /** Connections cut because their address had too many that said nothing. */
  cuts(): number
  /** Whether an edge proof is genuine for that address. */
  verify(proof: string | undefined, forwardedFor: string): boolean
}

/** The gateway's server in front of one upstream, without any store. */
export async function edgeUnderTest(o: {
  upstream: Address
  routes?: readonly Route[]
  authenticate?: Authenticate
  trustedProxies?: readonly string[]
  ratePerMinute?: number
}): Promise<EdgeUnderTest> {
  const key = `k1:${randomBytes(32).toString('base64')}`
  const ring = parseMacRing(key)
  const { log } = captureLogs()
  const trustedProxies = o.trustedProxies ?? []
  const unused = () => Promise.reject(new Error('no store here'))
  let ids = 0
  let cuts = 0
  const newRequestId = () => `req_${(ids += 1)}`
  const splice = createSplice({
    upstreams: { ingest: o.upstream, copilot: o.upstream },
    trusted: addressRanges(trustedProxies),
    mac: (text) => macToken(ring, 'edge', text),
    clock: systemClock,
    log,
    gauge: createMetrics().gauge({ name: 'splices', help: 'splices', labelNames: ['upstream'] }),
    newRequestId,
  })
  const app = await buildApp({
    log,
    routes: o.routes ?? [],
    webhook: {
      database: { withTenant: unused, finder: { callById: unused, phoneByTokenHash: unused } },
      queues: { wakeCallback: unused },
      bestEffort: { run: () => undefined, settled: () => Promise.resolve() },
      newId: () => 'cbk_0',
      callbackKeys: ring,
      ring: parseContentRing(key),
      observePassthru: () => undefined,
    },
    authenticate: o.authenticate ?? (() => Promise.resolve(null)),
    splice,
    health: createHealth({}),
    newRequestId,
    trustedProxies,
    allowedOrigins: ['https://app.example'],
    ratePerMinute: o.ratePerMinute ?? 0,
    publicUrl: 'https://calls.example',
    observe: () => undefined,
    observeCut: () => (cuts += 1),
    clock: systemClock,
  })
  await app.listen({ host: '127.0.0.1', port: 0 })
  const address = app.server.address()
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    splice,
    cuts: () => cuts,
    verify: (proof, forwardedFor) =>
      verifyEdgeProof(
        (text, token) => verifyMacToken(ring, 'edge', text, token),
        proof,
        forwardedFor,
        systemClock.now() / 1000,
      ),
    [Symbol.asyncDispose]: async () => {
      await splice.drain(0)
      app.server.closeAllConnections()
      await app.close()
    },
  }
}
