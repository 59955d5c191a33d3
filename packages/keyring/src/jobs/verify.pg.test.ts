import { eventually } from '@callwire/testkit'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { fillSecrets, idOf, perNumber } from '../testing/fill-secrets.ts'
import { jobOf, startJob, worker } from '../testing/rotating.ts'
import { ringsOf } from '../testing/test-keys.ts'
import { createWorld, type World } from '../testing/world.ts'
import { placeNamed } from '../places/places.ts'
import { runKeyJobs } from './run-key-jobs.ts'

/** As the sweeper leaves a call's number. */
const noNumber = {
  person_sealed: null,
  person_index: null,
  metadata_sealed: null,
  number_erased_at: new Date(),
}

let w: World
beforeEach(async () => {
  w = await createWorld()
})
afterEach(() => w[Symbol.asyncDispose]())

describe('a verification', () => {
  it('opens every row under whatever key', async () => {
    await fillSecrets(w.sql, ringsOf('k1'), { from: 0, to: 60, tenants: 3 })
    await fillSecrets(w.sql, ringsOf('k2'), { from: 60, to: 130, tenants: 3 })
    await startJob(w, 'verify', 130 * perNumber.rows)
    await runKeyJobs(worker(w).deps)
    expect(await jobOf(w, 'verify')).toMatchObject({
      state: 'done',
      done: 130 * perNumber.rows,
      failed: 0,
    })
  })

  it('names the rows that do not open, and numbers that would not be found', async () => {
    await fillSecrets(w.sql, ringsOf('k2'), { from: 0, to: 30, tenants: 2 })
    await w.sql`update calls set person_index = 'k2.AAAAAAAAAAAAAAAAAAAAAA' where id = ${idOf('cal', 4)}`
    await w.sql`update callback_inbox set body_sealed = (
      select body_sealed from callback_inbox where id = ${idOf('cbk', 1)}) where id = ${idOf('cbk', 9)}`
    await startJob(w, 'verify', 30 * perNumber.rows)
    const { deps, logs } = worker(w)
    await runKeyJobs(deps)
    expect(await jobOf(w, 'verify')).toMatchObject({
      state: 'done',
      done: 30 * perNumber.rows - 2,
      failed: 2,
      failedRows: [
        { place: 'calls.person', tenantId: idOf('ten', 0), id: idOf('cal', 4) },
        { place: 'callback_inbox', tenantId: idOf('ten', 1), id: idOf('cbk', 9) },
      ],
    })
    const alerts = logs.lines().filter((line) => 'alert' in line)
    expect(alerts.map((line) => line['rowId'])).toEqual([idOf('cal', 4), idOf('cbk', 9)])
  })

  it('finds what stands in the place of something sealed and names no key', async () => {
    await fillSecrets(w.sql, ringsOf('k2'), { from: 0, to: 3, tenants: 1 })
    const tenantId = idOf('ten', 0)
    await w.sql`update calls set person_sealed = 'cw1d.x' where id = ${idOf('cal', 0)}`
    await w.sql`update call_keys set wrapped = 'cw1k.' where call_id = ${idOf('cal', 1)}`
    await w.sql`update callback_inbox set body_sealed = 'cw1d.' where id = ${idOf('cbk', 2)}`
    await w.sql`update phone_credentials set enc_api_key = 'cw1c.', enc_api_token = 'cw1c.'
      where phone_id = ${idOf('phn', 0)}`
    await startJob(w, 'verify', 3 * perNumber.rows - 4)
    await runKeyJobs(worker(w).deps)
    const { failed, failedRows } = await jobOf(w, 'verify')
    expect(failed).toBe(4)
    expect(failedRows).toEqual([
      { place: 'phone_credentials', tenantId, id: idOf('phn', 0) },
      { place: 'calls.person', tenantId, id: idOf('cal', 0) },
      { place: 'call_keys', tenantId, id: idOf('cal', 1) },
      { place: 'callback_inbox', tenantId, id: idOf('cbk', 2) },
    ])
  })

  it('passes over what was erased by its retention, before it began and while it goes on', async () => {
    await fillSecrets(w.sql, ringsOf('k2'), { from: 0, to: 30, tenants: 2 })
    await w.sql`update calls set ${w.sql(noNumber)} where id = ${idOf('cal', 4)}`
    await w.sql`delete from call_keys where call_id = ${idOf('cal', 5)}`
    await w.sql`update recordings set wrapped = null, erased_at = now() where id = ${idOf('rec', 6)}`
    // Four texts: the number, the metadata beside it, a key, a recording's key.
    const rows = 30 * perNumber.rows - 4
    await startJob(w, 'verify', rows)
    const { deps, logs } = worker(w)
    await runKeyJobs(deps)
    expect(await jobOf(w, 'verify')).toMatchObject({ state: 'done', done: rows, failed: 0 })
    expect(logs.lines().filter((line) => 'alert' in line)).toEqual([])
    // Read while it was there, erased before it is opened: nothing to open, and nothing failed.
    const [place, tenantId] = [placeNamed('calls.person'), idOf('ten', 1)]
    await w.dialer.withTenant(tenantId, async (tx) => {
      await w.sql`update calls set ${w.sql(noNumber)} where id = ${idOf('cal', 7)}`
      const found = await place.load(tx, tenantId, [idOf('cal', 7), idOf('cal', 9)])
      expect(found.map(({ id }) => id)).toEqual([idOf('cal', 9)])
    })
  })

  it('goes on where it was stopped, counting nothing twice', async () => {
    await fillSecrets(w.sql, ringsOf('k2'), { from: 0, to: 350, tenants: 5 })
    await startJob(w, 'verify', 350 * perNumber.rows)
    for (let round = 0; (await jobOf(w, 'verify')).state === 'running'; round += 1) {
      const one = worker(w, { owner: `worker ${round}` })
      const before = (await jobOf(w, 'verify')).done
      const running = runKeyJobs(one.deps)
      await eventually(async () => {
        const job = await jobOf(w, 'verify')
        return job.done > before || job.state === 'done'
      })
      one.stop.abort()
      await running
    }
    expect(await jobOf(w, 'verify')).toMatchObject({
      total: 350 * perNumber.rows,
      done: 350 * perNumber.rows,
      failed: 0,
    })
  })
})
