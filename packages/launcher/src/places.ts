import { freePort, freePorts, portState } from '@callwire/stores'
import { AppError } from '@callwire/runtime'

import type { LauncherConfig } from './config.ts'
import { metricsOrder, type Service } from './services.ts'

/** Where everything listens, ports decided. */
export type Places = {
  readonly host: string
  readonly gateway: number
  readonly ingest: number
  readonly copilot: number
  /** Only where a simulator runs. */
  readonly simulator: number | null
  readonly metrics: Readonly<Record<(typeof metricsOrder)[number], number>>
}

type Asked = { readonly variable: string; readonly port: number; readonly host: string }

/** Metrics and the simulator's control API have no password: they are for this machine alone. */
export const loopback = '127.0.0.1'

/** Tools and docs name this one; the demo takes another when it is taken. */
const usualSimulatorPort = 8099

/** Decides every port; those asked for by number must be free. @throws AppError `port_taken`, one sentence */
export async function decidePlaces(
  config: Pick<LauncherConfig, 'host' | 'ports'>,
  services: readonly Service[],
): Promise<Places> {
  const { host, ports } = config
  const withSimulator = services.includes('exotel-simulator')
  const simulatorPort =
    ports.SIMULATOR_PORT ??
    ((await portState(usualSimulatorPort, loopback)) === 'free' ? usualSimulatorPort : 0)
  const slots = metricsOrder.map((_name, slot) => ({
    variable: 'METRICS_PORT',
    port: ports.METRICS_PORT === 0 ? 0 : ports.METRICS_PORT + slot,
    host: loopback,
  }))
  const asked: Asked[] = [
    { variable: 'GATEWAY_PORT', port: ports.GATEWAY_PORT, host },
    { variable: 'INGEST_PORT', port: ports.INGEST_PORT, host },
    { variable: 'COPILOT_PORT', port: ports.COPILOT_PORT, host },
    ...(withSimulator ? [{ variable: 'SIMULATOR_PORT', port: simulatorPort, host: loopback }] : []),
    ...slots.filter((_, slot) => services.some((service) => service === metricsOrder[slot])),
  ]
  requireDistinct(asked)
  await requireHost(host)
  for (const one of asked) await requireFree(one)
  const spare = await freePorts(slots.length + asked.length, host)
  const resolve = (port: number): number => (port === 0 ? (spare.pop() ?? 0) : port)
  const metrics = Object.fromEntries(
    metricsOrder.map((name, slot) => [name, resolve(slots[slot]?.port ?? 0)]),
  ) as Places['metrics']
  return {
    host,
    gateway: resolve(ports.GATEWAY_PORT),
    ingest: resolve(ports.INGEST_PORT),
    copilot: resolve(ports.COPILOT_PORT),
    simulator: withSimulator ? resolve(simulatorPort) : null,
    metrics,
  }
}

/** The address others on this machine reach a listener of `host` by. */
export function reachable(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1'
  if (host === '::') return '[::1]'
  return host.includes(':') ? `[${host}]` : host
}

function requireDistinct(asked: readonly Asked[]): void {
  const seen = new Map<number, string>()
  for (const { variable, port } of asked) {
    if (port > 65_535) throw taken(`METRICS_PORT is too high: each service takes the next one up.`)
    const other = seen.get(port)
    if (port !== 0 && other !== undefined) {
      throw taken(
        `Port ${port} is asked for twice, by ${other} and ${variable}: change one of them.`,
      )
    }
    seen.set(port, variable)
  }
}

/** What cannot be listened on would make every port look taken. */
async function requireHost(host: string): Promise<void> {
  try {
    await freePort(host)
  } catch {
    throw new AppError({
      code: 'config_invalid',
      message: 'HOST is not an address of this machine.',
      level: 'fatal',
    })
  }
}

async function requireFree({ variable, port, host }: Asked): Promise<void> {
  if (port === 0) return
  const state = await portState(port, host)
  if (state === 'free') return
  throw taken(
    state === 'taken'
      ? `Port ${port} is already in use: stop the program that uses it, or set ${variable} to another port.`
      : `Port ${port} may not be used by this user: set ${variable} to another port.`,
  )
}

function taken(message: string): AppError {
  return new AppError({ code: 'port_taken', message, level: 'fatal' })
}
