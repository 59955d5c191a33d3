import { eventually } from '@callwire/testkit'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { fillSecrets, fillWebhookSecrets, idOf, perNumber } from '../testing/fill-secrets.ts'
import { readSecrets } from '../testing/read-secrets.ts'
import { courierWorker, fillAndPromote, jobOf, startJob, worker } from '../testing/rotating.ts'
import { ringsOf } from '../testing/test-keys.ts'
import { createWorld, type World } from '../testing/world.ts'
import { runKeyJobs } from './run-key-jobs.ts'

let w: World
beforeEach(async () => {
  w = await createWorld()
})
afterEach(() => w[Symbol.asyncDispose]())

const dialersRows = 10 * perNumber.rows
const webhooks = { from: 0, to: 150, tenants: 2 }
const all = dialersRows + 150

async function fillBoth(): Promise<Map<string, string>> {
  await fillAndPromote(w, { to: 10, tenants: 2 })
  await fillWebhookSecrets(w.sql, ringsOf('k1'), webhooks)
  return (await readSecrets(w.sql, ringsOf('k1'))).plaintexts
}

describe('a rotation that two processes open the places of', () => {
  it('goes from one to the other, each with its own ring alone', async () => {
    const before = await fillBoth()
    await startJob(w, 'rotate', all)
    const [dialer, courier] = [worker(w), courierWorker(w)]
    await runKeyJobs(courier.deps)
    const untouched = { state: 'running', done: 0, owner: null, place: null }
    expect(await jobOf(w, 'rotate')).toMatchObject(untouched)
    await runKeyJobs(dialer.deps)
    const between = { state: 'running', total: all, done: dialersRows, owner: null }
    expect(await jobOf(w, 'rotate')).toMatchObject({ ...between, place: 'webhook_secrets' })
    await runKeyJobs(dialer.deps)
    expect(await jobOf(w, 'rotate')).toMatchObject({ ...between, place: 'webhook_secrets' })
    await runKeyJobs(courier.deps)
    expect(await jobOf(w, 'rotate')).toMatchObject({ state: 'done', done: all, failed: 0 })
    const after = await readSecrets(w.sql, ringsOf('k2'))
    expect(after.plaintexts).toEqual(before)
    expect([...after.kids.keys()]).toEqual(['k2'])
    expect(courier.logs.lines()).toMatchObject([{ msg: 'rotation done', done: all }])
  })

  it('keeps what the first could not open, and adds what the second cannot', async () => {
    await fillBoth()
    await w.sql`update phone_credentials set sid = 'other' where phone_id = ${idOf('phn', 7)}`
    // Moved beside another endpoint: what it is bound to does not fit.
    await w.sql`update webhook_secrets set endpoint_id = ${idOf('whe', 5)} where id = ${idOf('whs', 3)}`
    await startJob(w, 'rotate', all)
    const courier = courierWorker(w)
    await runKeyJobs(worker(w).deps)
    await runKeyJobs(courier.deps)
    expect(await jobOf(w, 'rotate')).toMatchObject({
      state: 'done',
      total: all,
      done: all - 2,
      failed: 2,
      failedRows: [
        { place: 'phone_credentials', tenantId: idOf('ten', 1), id: idOf('phn', 7) },
        { place: 'webhook_secrets', tenantId: idOf('ten', 1), id: idOf('whs', 3) },
      ],
    })
    const alerts = courier.logs.lines().filter((line) => 'alert' in line)
    expect(alerts.map((line) => line['rowId'])).toEqual([idOf('whs', 3)])
  })

  it('is gone on with by another of the second kind, when the one that had it is gone', async () => {
    const before = await fillBoth()
    await startJob(w, 'rotate', all)
    await runKeyJobs(worker(w).deps)
    const first = courierWorker(w, { owner: 'first' })
    const running = runKeyJobs(first.deps)
    await eventually(async () => (await jobOf(w, 'rotate')).done > dialersRows)
    first.stop.abort()
    await running
    // Where the dialer finds it, it is still nothing to the dialer.
    await runKeyJobs(worker(w).deps)
    expect(await jobOf(w, 'rotate')).toMatchObject({ state: 'running', place: 'webhook_secrets' })
    await runKeyJobs(courierWorker(w, { owner: 'second' }).deps)
    expect(await jobOf(w, 'rotate')).toMatchObject({ state: 'done', done: all, failed: 0 })
    expect((await readSecrets(w.sql, ringsOf('k2'))).plaintexts).toEqual(before)
  })

  it('finds what was sealed under the former key till every process had followed', async () => {
    await fillBoth()
    await w.sql`update phone_credentials set sid = 'other' where phone_id = ${idOf('phn', 7)}`
    await startJob(w, 'rotate', all)
    await runKeyJobs(worker(w).deps)
    const beat = (primary: string) =>
      w.gateway.keys.beat({ instance: 'g', service: 'gateway', kids: ['k1', 'k2'], primary })
    await beat('k1')
    const running = runKeyJobs(courierWorker(w).deps)
    // It says so again and again, as a process does: one that falls silent does not count.
    await eventually(async () => {
      await beat('k1')
      return (await jobOf(w, 'rotate')).done === all - 1
    })
    // As many as rows of the dialer's did not open: the one may not pass for the other.
    await fillWebhookSecrets(w.sql, ringsOf('k1'), { from: 150, to: 151, tenants: 2 })
    await beat('k2')
    await running
    expect(await jobOf(w, 'rotate')).toMatchObject({ state: 'done', failed: 1 })
    const kids = await w.sql`select distinct kid from webhook_secrets`
    expect([...kids]).toEqual([{ kid: 'k2' }])
  })

  it('waits, paused, where it stands', async () => {
    await fillBoth()
    await startJob(w, 'rotate', all)
    await runKeyJobs(worker(w).deps)
    await w.gateway.keys.setJobPaused(true)
    await runKeyJobs(courierWorker(w).deps)
    expect(await jobOf(w, 'rotate')).toMatchObject({ state: 'paused', done: dialersRows })
    await w.gateway.keys.setJobPaused(false)
    await runKeyJobs(courierWorker(w).deps)
    expect(await jobOf(w, 'rotate')).toMatchObject({ state: 'done', done: all })
  })
})

describe('a verification that two processes open the places of', () => {
  it('goes from one to the other, and names what each could not open', async () => {
    await fillSecrets(w.sql, ringsOf('k1'), { from: 0, to: 10, tenants: 2 })
    await fillWebhookSecrets(w.sql, ringsOf('k2'), webhooks)
    await w.sql`update webhook_secrets set sealed = 'cw1c.' where id = ${idOf('whs', 8)}`
    await startJob(w, 'verify', all)
    await runKeyJobs(courierWorker(w).deps)
    await runKeyJobs(worker(w).deps)
    expect(await jobOf(w, 'verify')).toMatchObject({
      state: 'running',
      done: dialersRows,
      place: 'webhook_secrets',
    })
    await runKeyJobs(courierWorker(w).deps)
    expect(await jobOf(w, 'verify')).toMatchObject({
      state: 'done',
      done: all - 1,
      failed: 1,
      failedRows: [{ place: 'webhook_secrets', tenantId: idOf('ten', 0), id: idOf('whs', 8) }],
    })
  })
})
