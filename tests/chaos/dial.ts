import { rm } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { scratchDir } from '@callwire/stores/testing'
import { judge } from './dial/check.ts'
import { orderCalls } from './dial/customers.ts'
import { countStates, readOurs } from './dial/ours.ts'
import { misbehave } from './dial/provider-faults.ts'
import { report } from './dial/report.ts'
import { storm } from './dial/storms.ts'
import { startSystem, type System } from './dial/system.ts'
import { makeLines } from './dial/tenants.ts'
import { timingFor } from './dial/timing.ts'
import { readTruth } from './dial/truth.ts'
import { countHits } from './dial/windows.ts'
import type { Chaos, Report, RunOptions } from './lib/figure.ts'

/** No call is dialed twice and none is lost, whatever dies meanwhile. */
export const dial: Chaos = {
  about:
    'orders calls while dialers, gateway, Redis and PostgreSQL are killed and Exotel loses its replies',
  settings: {
    ...{ calls: 3_000, seconds: 180, tail: 180, accounts: 24, dialers: 4 },
    ...{ 'per-minute': 200, 'timeout-ms': 3_000 },
  },
  run: runDial,
}

/** Once nothing is broken any more, what is queued is dialed as fast as budgets allow. */
const longestDrainMs = 600_000
const lookEveryMs = 1_000

async function runDial(o: RunOptions): Promise<Report> {
  const { settings, signal, onProgress } = o
  const set = (name: string): number => settings[name] ?? 0
  const timing = timingFor(set('timeout-ms'))
  await using stack = new AsyncDisposableStack()
  const dataDir = await scratchDir('chaos')
  stack.defer(async () => {
    if (o.keep) onProgress(`logs and data are in ${dataDir}`)
    else await rm(dataDir, { recursive: true, force: true })
  })
  const system = stack.use(
    await startSystem({
      ...{ dataDir, dialers: set('dialers'), requestsPerMinute: set('per-minute') },
      ...{ instead: o.instead, timing, onProgress },
    }),
  )
  const lines = await makeLines(system, { accounts: set('accounts') })
  const provider = await misbehave(system.simulatorUrl, { timeoutMs: timing.dialTimeoutMs })

  onProgress(`ordering ${set('calls')} calls in ${set('seconds')} s, and breaking things`)
  const startedAtMs = Date.now()
  const calm = new AbortController()
  const storming = storm(system, {
    ...{ freezeMs: timing.freezeMs, onProgress },
    signal: AbortSignal.any([signal, calm.signal]),
  })
  const orders = await orderCalls(system.gatewayUrl, lines, {
    ...{ calls: set('calls'), seconds: set('seconds'), signal },
  })
  onProgress(`${orders.accepted.length} calls were accepted`)
  const isDialed = (states: Map<string, number>): boolean => !states.has('queued')
  await until(system, set('tail') * 1000, o, isDialed)
  calm.abort()
  const damage = await storming
  onProgress('everything is up again')
  await until(system, longestDrainMs, o, isDialed)
  const dialedInMs = Date.now() - startedAtMs
  await provider.behave()
  onProgress('nothing is queued; waiting for what is not settled')
  const settled = await until(
    system,
    timing.settleBoundMs,
    o,
    (states) => ![...states.keys()].some(isOpen),
  )
  signal.throwIfAborted()

  const truth = await readTruth(system.truthFile)
  const apiKeys = [...new Set(lines.map(({ apiKey }) => apiKey))]
  const { gatewayUrl, postgres, dialers } = system
  const ours = await readOurs({ gatewayUrl, databaseUrl: postgres.url, apiKeys })
  return report({
    ...{ orders, truth, damage, dialedInMs, settled, blows: dialers.blows },
    misdeeds: await provider.misdeeds(),
    verdict: judge(orders.accepted, truth, ours),
    hits: {
      kills: countHits(
        dialers.blows.filter(({ kind }) => kind === 'kill'),
        truth,
        ours,
      ),
      freezes: countHits(
        dialers.blows.filter(({ kind }) => kind === 'freeze'),
        truth,
        ours,
      ),
    },
    requestsPerMinute: set('per-minute'),
    ours,
  })
}

const OPEN = new Set(['queued', 'dialing', 'unknown', 'ringing', 'in-progress'])
const isOpen = (status: string): boolean => OPEN.has(status)

/** Looks until the calls stand as wanted; says how long that took, in ms. */
async function until(
  system: System,
  boundMs: number,
  o: RunOptions,
  isThere: (states: Map<string, number>) => boolean,
): Promise<number> {
  const startedAt = performance.now()
  let toldAt = startedAt
  for (;;) {
    o.signal.throwIfAborted()
    system.keepUp()
    // PostgreSQL may just be the thing that is away.
    const states = await countStates(system.postgres.url).catch(() => null)
    const now = performance.now()
    if ((states !== null && isThere(states)) || now - startedAt > boundMs) return now - startedAt
    if (now - toldAt > 10_000 && states !== null) {
      toldAt = now
      const open = [...states].filter(([status]) => isOpen(status))
      o.onProgress(`not ended: ${open.map(([status, n]) => `${n} ${status}`).join(', ')}`)
    }
    await sleep(lookEveryMs, undefined, { signal: o.signal }).catch(() => undefined)
  }
}
