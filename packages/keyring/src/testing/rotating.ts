import type { KeyJob } from '@callwire/db'
import { captureLogs } from '@callwire/testkit'
import type { KeyJobsDeps } from '../jobs/key-jobs-deps.ts'
import { fillSecrets } from './fill-secrets.ts'
import { quickClock } from './quick-clock.ts'
import { readSecrets } from './read-secrets.ts'
import { dialersRings, ringsOf } from './test-keys.ts'
import type { World } from './world.ts'

export const jobId = (n: number) => `kjb_${String(n).padStart(24, '0')}`

/** Rows of k1 in all places, with k2 promoted since; gives what they say. */
export async function fillAndPromote(
  w: World,
  o: { from?: number; to: number; tenants: number },
): Promise<Map<string, string>> {
  await fillSecrets(w.sql, ringsOf('k1'), { from: 0, ...o })
  await w.gateway.keys.introduce('k2', { primary: 'k1' })
  await w.gateway.keys.promote('k2', { from: 'k1' })
  return (await readSecrets(w.sql, ringsOf('k1'))).plaintexts
}

export async function startJob(w: World, kind: KeyJob['kind'], total: number): Promise<KeyJob> {
  const job = await w.gateway.keys.createJob({ id: jobId(1), kind, toKid: 'k2', total })
  if (job === null) throw new Error('a job is open')
  return job
}

export async function jobOf(w: World, kind: KeyJob['kind']): Promise<KeyJob> {
  const job = await w.gateway.keys.lastJob(kind)
  if (job === null) throw new Error('no job')
  return job
}

/** A dialer that works on key jobs, with k2 as primary. */
export function worker(w: World, over: Partial<KeyJobsDeps> = {}) {
  const logs = captureLogs()
  const stop = new AbortController()
  const deps: KeyJobsDeps = {
    ...dialersRings('k2', 'k1'),
    database: w.dialer,
    clock: quickClock,
    log: logs.log,
    owner: 'worker',
    stopping: stop.signal,
    staleMs: 200,
    ...over,
  }
  return { deps, logs, stop }
}

/** A courier that works on key jobs, with k2 as primary. */
export function courierWorker(w: World, over: Partial<KeyJobsDeps> = {}) {
  const logs = captureLogs()
  const stop = new AbortController()
  const deps: KeyJobsDeps = {
    webhookRing: ringsOf('k2', 'k1').webhookRing,
    database: w.courier,
    clock: quickClock,
    log: logs.log,
    owner: 'courier',
    stopping: stop.signal,
    staleMs: 200,
    ...over,
  }
  return { deps, logs, stop }
}
