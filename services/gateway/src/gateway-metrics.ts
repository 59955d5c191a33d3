import type { Gauge, Metrics } from '@callwire/runtime'
import type { AppDeps } from './app.ts'

/** Seconds; from an answer out of memory to the handler's time limit. */
const buckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

export type GatewayMetrics = {
  observe: AppDeps['observe']
  observeCut: AppDeps['observeCut']
  observePassthru: AppDeps['webhook']['observePassthru']
  splices: Gauge<'upstream'>
}

export function createGatewayMetrics(metrics: Metrics): GatewayMetrics {
  const requests = metrics.histogram({
    name: 'callwire_gateway_request_seconds',
    help: 'Time to answer a request, by route and status',
    labelNames: ['method', 'route', 'status'] as const,
    buckets,
  })
  const passthrus = metrics.counter({
    name: 'callwire_gateway_passthru_total',
    help: "Reports of flows' Passthru applets, by how their call was found",
    labelNames: ['found_by'] as const,
  })
  const cut = metrics.counter({
    name: 'callwire_gateway_cut_total',
    help: 'Connections cut that had sent no request, of addresses with too many of them',
  })
  return {
    observeCut: () => cut.inc(),
    observePassthru: (by) => passthrus.inc({ found_by: by }),
    observe: ({ method, route, status, ms }) =>
      requests.observe({ method, route, status: String(status) }, ms / 1000),
    splices: metrics.gauge({
      name: 'callwire_gateway_splices',
      help: 'Sockets joined with a service behind the gateway right now',
      labelNames: ['upstream'] as const,
    }),
  }
}
