import type { Clock } from '@callwire/runtime'
import { captureLogs, type CapturedLogs, type TestDatabase } from '@callwire/testkit'
import { readDialerConfig } from '../config.ts'
import { createContext, type DialerContext } from '../context.ts'
import type { DialerDeps } from '../deps.ts'
import { startDialer } from '../start-dialer.ts'
import { serviceKeys } from './keys.ts'

export const publicUrl = 'https://callwire.example'

/**
 * The environment of a dialer whose waits are short enough for a test, except for answers: a busy machine
 * takes its time to give those that come.
 */
export function dialerEnvironment(o: {
  database: TestDatabase
  redisUrl: string
  exotelHost: string
}): Record<string, string> {
  return {
    DATABASE_URL: o.database.serviceUrl('dialer'),
    REDIS_URL: o.redisUrl,
    CREDENTIAL_OPEN_KEYS: serviceKeys.CREDENTIAL_OPEN_KEYS,
    CONTENT_KEYS: serviceKeys.CONTENT_KEYS,
    CALLBACK_KEYS: serviceKeys.CALLBACK_KEYS,
    PUBLIC_URL: publicUrl,
    EXOTEL_ALLOWED_HOSTS: o.exotelHost,
    EXOTEL_ALLOW_HTTP: 'true',
    DIAL_TIMEOUT_MS: '10000',
    RECONCILE_AFTER_MS: '100',
    RECONCILE_GRACE_MS: '1000',
    CALL_POLL_AFTER_MS: '600',
    METRICS_PORT: '0',
    LOG_LEVEL: 'trace',
  }
}

export type RunningDialer = AsyncDisposable & {
  logs: CapturedLogs
  context: DialerContext
  /** Tells it to end, without waiting for that. */
  stop(): void
}

/**
 * A dialer within this process; `adjust` may put something between it and the world, and
 * `machineClock` is what it finds for a clock there.
 */
export async function startTestDialer(
  environment: Record<string, string>,
  adjust: (deps: DialerDeps) => DialerDeps = (deps) => deps,
  machineClock?: Clock,
): Promise<RunningDialer> {
  const logs = captureLogs({ service: 'dialer' })
  const stop = new AbortController()
  const made = await createContext(readDialerConfig(environment), {
    log: logs.log,
    signal: stop.signal,
    ...(machineClock === undefined ? {} : { machineClock }),
  })
  const context = { ...made, deps: adjust(made.deps) }
  const dialer = await startDialer(context)
  return {
    logs,
    context,
    stop: () => stop.abort(),
    [Symbol.asyncDispose]: async () => {
      stop.abort()
      await dialer[Symbol.asyncDispose]()
    },
  }
}
