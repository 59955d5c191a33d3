import { systemClock, systemRandom } from '@callwire/runtime'
import { captureLogs } from '@callwire/testkit'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { runKeyJobs } from '../jobs/run-key-jobs.ts'
import { fillSecrets, idOf, perNumber } from '../testing/fill-secrets.ts'
import { worker } from '../testing/rotating.ts'
import { ringsOf } from '../testing/test-keys.ts'
import { createWorld, type World } from '../testing/world.ts'
import { createKeyLife } from './create-key-life.ts'
import { createKeyAudit } from './key-audit.ts'
import type { KeyActor, KeyLife } from './key-life.ts'

let w: World
let life: KeyLife
beforeEach(async () => {
  w = await createWorld()
  life = createKeyLife({
    keys: w.gateway.keys,
    audit: createKeyAudit({
      withTenant: w.gateway.withTenant,
      operatorTenant: () => w.provisioner.operator(),
      clock: systemClock,
      random: systemRandom,
      log: captureLogs().log,
    }),
    clock: systemClock,
    random: systemRandom,
  })
})
afterEach(() => w[Symbol.asyncDispose]())

const by: KeyActor = { kind: 'operator', id: 'terminal' }

const beat = (service: string, kids: string[], primary = 'k1') =>
  w.gateway.keys.beat({ instance: `${service}-1`, service, kids, primary })
const reason = (outcome: { kind: string; refusal?: { kind: string } }) =>
  outcome.refusal?.kind ?? outcome.kind

/** Introduces and promotes k2 among processes that hold both. */
async function promote(): Promise<void> {
  await beat('dialer', ['k1', 'k2'])
  await life.introduce('k2', by)
  await life.promote('k2', by)
  await beat('dialer', ['k1', 'k2'], 'k2')
}

describe('introducing and promoting', () => {
  it('is refused while a live process lacks the key, and names it', async () => {
    await beat('dialer', ['k1', 'k2'])
    await beat('gateway', ['k1'])
    expect(reason(await life.promote('k2', by))).toBe('not_introduced')
    expect(await life.introduce('k2', by)).toMatchObject({
      kind: 'introduced',
      lacking: [{ service: 'gateway', kids: ['k1'] }],
    })
    expect(await life.promote('k2', by)).toMatchObject({
      kind: 'refused',
      refusal: { kind: 'not_held', processes: [{ instance: 'gateway-1', service: 'gateway' }] },
    })
    await beat('gateway', ['k1', 'k2'])
    expect(await life.introduce('k2', by)).toMatchObject({ kind: 'introduced', lacking: [] })
    expect(await life.promote('k2', by)).toEqual({ kind: 'promoted', kid: 'k2', from: 'k1' })
    expect(reason(await life.promote('k2', by))).toBe('already_primary')
    expect(await life.promote('k1', by)).toEqual({ kind: 'promoted', kid: 'k1', from: 'k2' })
  })

  it('counts a process that said goodbye as gone', async () => {
    await beat('dialer', ['k1', 'k2'])
    await beat('gateway', ['k1'])
    await life.introduce('k2', by)
    await w.gateway.keys.leave('gateway-1')
    expect(reason(await life.promote('k2', by))).toBe('promoted')
  })

  it('counts a process that has been silent for 15 s as gone, and one for less as alive', async () => {
    await beat('dialer', ['k1', 'k2'])
    await beat('gateway', ['k1'])
    await life.introduce('k2', by)
    await w.sql`update key_holders set beat_at = now() - interval '14 seconds'`
    expect(reason(await life.promote('k2', by))).toBe('not_held')
    await w.sql`update key_holders set beat_at = now() - interval '16 seconds'
      where service = 'gateway'`
    expect(reason(await life.promote('k2', by))).toBe('promoted')
  })

  it('needs somebody who seals, and all with one key', async () => {
    expect(reason(await life.introduce('k2', by))).toBe('primary_unclear')
    await beat('dialer', ['k1', 'k2'])
    await beat('gateway', ['k1', 'k2'], 'k2')
    expect(await life.introduce('k3', by)).toMatchObject({
      refusal: { kind: 'primary_unclear', processes: [{ primary: 'k1' }, { primary: 'k2' }] },
    })
    expect(await w.gateway.keys.records()).toEqual([])
  })
})

describe('a key’s whole life', () => {
  it('ends when nothing needs it, and no earlier', async () => {
    await fillSecrets(w.sql, ringsOf('k1'), { from: 0, to: 4, tenants: 2 })
    await promote()
    expect(await life.retire('k1', by)).toMatchObject({
      refusal: { kind: 'in_use', rows: 4 * perNumber.rows },
    })
    expect(reason(await life.retire('k2', by))).toBe('is_primary')
    expect(reason(await life.retire('k9', by))).toBe('unknown_key')

    expect(await life.rotate(by)).toMatchObject({
      kind: 'started',
      job: { total: 4 * perNumber.rows, toKid: 'k2' },
    })
    expect(reason(await life.rotate(by))).toBe('job_running')
    expect(reason(await life.verify(by))).toBe('job_running')
    expect(await life.pause(by)).toMatchObject({ kind: 'paused', job: { state: 'paused' } })
    expect(await life.resume(by)).toMatchObject({ kind: 'resumed', job: { state: 'running' } })
    await runKeyJobs(worker(w).deps)
    expect(reason(await life.pause(by))).toBe('no_job')
    expect(reason(await life.retire('k1', by))).toBe('not_verified')

    expect(await life.verify(by)).toMatchObject({
      kind: 'started',
      job: { total: 4 * perNumber.rows },
    })
    await runKeyJobs(worker(w).deps)
    await w.sql`update calls set ended_at = null, status = 'in-progress', dialing_at = now()
      where id = ${idOf('cal', 1)}`
    expect(await life.retire('k1', by)).toMatchObject({ refusal: { kind: 'calls_open', count: 1 } })
    await w.sql`update calls set ended_at = now(), status = 'completed'`

    expect(await life.retire('k1', by)).toEqual({ kind: 'retired', kid: 'k1' })
    expect(reason(await life.retire('k1', by))).toBe('retired')
    expect(reason(await life.promote('k1', by))).toBe('retired')
    expect(reason(await life.introduce('k1', by))).toBe('retired')
  })

  it('is primary by what processes seal with, as long as none is recorded', async () => {
    await beat('dialer', ['k1', 'k2'], 'k1')
    expect(await life.status()).toMatchObject({
      primary: 'k1',
      keys: [
        { kid: 'k1', state: 'primary' },
        { kid: 'k2', state: 'present' },
      ],
    })
    await beat('gateway', ['k1', 'k2'], 'k2')
    expect(await life.status()).toMatchObject({ primary: null, keys: [{}, { state: 'present' }] })
  })

  it('is shown with its rows, its holders and its jobs', async () => {
    await fillSecrets(w.sql, ringsOf('k1'), { from: 0, to: 3, tenants: 1 })
    await fillSecrets(w.sql, ringsOf('k0'), { from: 3, to: 4, tenants: 1 })
    await promote()
    await beat('gateway', ['k1', 'k2', 'k3'], 'k2')
    await life.rotate(by)
    const status = await life.status()
    expect(status).toMatchObject({
      primary: 'k2',
      processes: [{ service: 'dialer' }, { service: 'gateway', primary: 'k2' }],
      rotation: { state: 'running', total: 4 * perNumber.rows, done: 0, eta: null },
      verification: null,
    })
    const states = status.keys.map(({ kid, state, total }) => [kid, state, total])
    expect(states.toSorted()).toEqual([
      ['k0', 'missing', perNumber.rows],
      ['k1', 'introduced', 3 * perNumber.rows],
      ['k2', 'primary', 0],
      ['k3', 'present', 0],
    ])
    expect(status.keys.find(({ kid }) => kid === 'k1')?.rows).toMatchObject({ call_keys: 3 })
  })

  it('is written down for the operator, step by step, and refusals are not', async () => {
    await fillSecrets(w.sql, ringsOf('k1'), { from: 0, to: 2, tenants: 2 })
    await w.provisioner.setOperator(idOf('ten', 1))
    await promote()
    await life.promote('k2', by)
    await life.rotate({ kind: 'user', id: idOf('usr', 1) })
    const rows = await w.sql`select tenant_id, actor_kind, actor_id, action, details from audit_log
      order by at, action`
    expect([...rows]).toMatchObject([
      { action: 'keys.introduce', details: { kid: 'k2' }, actor_kind: 'operator' },
      { action: 'keys.promote', details: { kid: 'k2', from: 'k1' }, actor_id: 'terminal' },
      { action: 'keys.rotate', actor_kind: 'user', tenant_id: idOf('ten', 1) },
    ])
  })

  it('may be led from the terminal with the services stopped as far as nobody must show anything', async () => {
    await promote()
    await w.gateway.keys.leave('dialer-1')
    const terminal = createKeyLife({
      keys: w.provisioner.keys,
      audit: () => Promise.resolve(),
      clock: systemClock,
      random: systemRandom,
    })
    expect(reason(await terminal.introduce('k3', by))).toBe('introduced')
    expect(await terminal.promote('k3', by)).toMatchObject({
      refusal: { kind: 'not_held', processes: [] },
    })
    expect(reason(await terminal.verify(by))).toBe('started')
    expect((await terminal.status()).verification?.state).toBe('running')
  })
})
