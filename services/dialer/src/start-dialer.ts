import { work } from '@callwire/bus'
import type { CallJob } from '@callwire/contracts'
import { runKeyJobs } from '@callwire/keyring'
import { every, serveMetrics } from '@callwire/runtime'
import { checkPhone } from './check/check-phone.ts'
import type { DialerContext } from './context.ts'
import { createGate } from './dial/gate.ts'
import { placeCall } from './dial/place-call.ts'
import { applyCallbacks } from './news/apply-callbacks.ts'
import { createPoller } from './reconcile/poll-calls.ts'
import { createReconciler } from './reconcile/reconcile-calls.ts'
import { createSeats } from './relay-seats.ts'
import { createRelay } from './relay.ts'
import { removeRecordings } from './retention/remove-recordings.ts'
import { sweepRetention } from './retention/sweep-retention.ts'
import { createOverLimitSweep } from './sweep/calls-over-limit.ts'
import { countParked } from './sweep/count-parked.ts'
import { sweepExpired } from './sweep/expired-calls.ts'
import { sweepOldAccountRequests } from './sweep/old-account-requests.ts'
import { sweepOldChecks } from './sweep/old-checks.ts'
import { sweepOldTokens } from './sweep/old-tokens.ts'
import { sweepOldIdempotencyKeys } from './sweep/old-idempotency-keys.ts'
import { OVERDUE_MS, sweepOverdue } from './sweep/overdue-calls.ts'
import { sweepStaleDials } from './sweep/stale-dials.ts'
import { createStaleStreamSweep } from './sweep/stale-streams.ts'
import { sweepUnapplied } from './sweep/unapplied-callbacks.ts'
import { sweepUnreceipted } from './sweep/unreceipted-calls.ts'

/** Requests on their way at once: each waits for Exotel, which takes up to half a minute. */
const dialConcurrency = 200
/**
 * Calls between their first look and their request: enough for full batches under load, and no more
 * than may be claimed and unsent when this process dies.
 */
const preparedAtOnce = 24
/** While no other tenant dials, one may take so many of them; the rest is room for who comes next. */
const dialsOfOneAlone = 150
const callbackConcurrency = 8
/** A person waits for each; more would only use up accounts' budgets. */
const checkConcurrency = 20
/** A supervisor gives ten seconds; a request that is not answered by now is cut and asked after. */
const finishRequestsMs = 5_000

const roundMs = {
  relay: 500,
  sweep: 1_000,
  reconcile: 500,
  poll: 1_000,
  keyJobs: 1_000,
  expire: 2_000,
  watch: 5_000,
  forget: 60_000,
  retention: 3_600_000,
}
/** Time for whoever starts an install with the wrong settings, or a copy of one, to see it. */
const firstRetentionMs = 30_000

/** Starts relay, workers and sweepers. Disposing lets requests end and begins no other. */
export async function startDialer(context: DialerContext): Promise<AsyncDisposable> {
  const { deps, bus } = context
  const { clock, log, stopping: signal } = deps
  await using started = new AsyncDisposableStack()
  started.defer(() => context.close())
  const { metrics, health } = context
  started.use(await serveMetrics({ ...context.metricsAt, metrics, health, log }))

  const seats = createSeats({ all: dialConcurrency, alone: dialsOfOneAlone })
  const relay = createRelay(deps, {
    most: dialConcurrency,
    pauseMs: roundMs.relay,
    hasFreeWorkers: () => !seats.isFull(),
    mayTake: (tenantId) => seats.mayTake(tenantId),
  })
  const gate = createGate(preparedAtOnce)
  const dial = async (job: CallJob) => {
    // Left to the relay, which brings it again when others of its tenant are done.
    if (!seats.take(job.tenantId)) return
    try {
      await placeCall(deps, job, gate)
    } finally {
      seats.leave(job.tenantId)
      relay.worked()
    }
  }
  const workers = [
    work(bus, 'dial', dial, { concurrency: dialConcurrency, log }),
    work(bus, 'callback', (job) => applyCallbacks(deps, job), {
      concurrency: callbackConcurrency,
      log,
    }),
    work(bus, 'check', (job) => checkPhone(deps, job), { concurrency: checkConcurrency, log }),
  ]
  started.defer(async () => {
    const cut = setTimeout(() => context.cutRequests(), finishRequestsMs)
    await Promise.all(workers.map((worker) => worker[Symbol.asyncDispose]()))
    clearTimeout(cut)
  })

  const rounds: [name: keyof typeof tasks, ms: number][] = [
    ['relay', roundMs.relay],
    ['reconcile', roundMs.reconcile],
    ['poll', roundMs.poll],
    ['stale-dials', roundMs.sweep],
    ['stale-streams', roundMs.sweep],
    ['unapplied-callbacks', roundMs.sweep],
    ['unreceipted-calls', roundMs.sweep],
    ['expired-calls', roundMs.expire],
    ['calls-over-limit', roundMs.watch],
    ['parked-calls', roundMs.watch],
    ['old-checks', roundMs.forget],
    ['old-tokens', roundMs.forget],
    ['old-idempotency-keys', roundMs.forget],
    ['old-account-requests', roundMs.forget],
    ['erased-recordings', roundMs.forget],
    ['key-jobs', roundMs.keyJobs],
  ]
  const tasks = {
    relay: (ending: AbortSignal) => relay.run(ending),
    reconcile: createReconciler(deps),
    poll: createPoller(deps),
    'stale-dials': () => sweepStaleDials(deps),
    'stale-streams': createStaleStreamSweep(deps),
    'unapplied-callbacks': () => sweepUnapplied(deps),
    'unreceipted-calls': () => sweepUnreceipted(deps),
    'expired-calls': () => sweepExpired(deps),
    'calls-over-limit': createOverLimitSweep(deps),
    'parked-calls': () => countParked(deps),
    'old-checks': () => sweepOldChecks(deps),
    'old-tokens': () => sweepOldTokens(deps),
    'old-idempotency-keys': () => sweepOldIdempotencyKeys(deps),
    'old-account-requests': () => sweepOldAccountRequests(deps),
    'erased-recordings': async () => {
      await removeRecordings(deps)
    },
    // Ends between two rows when the process does, and leaves its job to another.
    'key-jobs': (stopping: AbortSignal) => runKeyJobs({ ...deps, stopping }),
  }
  started.use(
    every(roundMs.retention, (ending) => sweepRetention(deps, ending), {
      ...{ clock, signal, log, name: 'retention' },
      firstAfterMs: firstRetentionMs,
    }),
  )
  started.use(
    every(roundMs.watch, () => sweepOverdue(deps), {
      ...{ clock, signal, log, name: 'overdue-calls' },
      // Calls that waited for a dialer to start are looked at first.
      firstAfterMs: OVERDUE_MS,
    }),
  )
  for (const [name, ms] of rounds) {
    started.use(every(ms, tasks[name], { clock, signal, log, name }))
  }
  return started.move()
}
