import { phoneCredentials } from '@callwire/db'
import { eventually } from '@callwire/testkit'
import { eq } from 'drizzle-orm'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { placeNamed } from '../places/places.ts'
import { fillSecrets, idOf, perNumber, sealAccount } from '../testing/fill-secrets.ts'
import { quickClock } from '../testing/quick-clock.ts'
import { readSecrets } from '../testing/read-secrets.ts'
import { fillAndPromote, jobOf, startJob, worker } from '../testing/rotating.ts'
import { dialersRings, ringsOf } from '../testing/test-keys.ts'
import { createWorld, type World } from '../testing/world.ts'
import { runKeyJobs } from './run-key-jobs.ts'

let w: World
beforeEach(async () => {
  w = await createWorld()
})
afterEach(() => w[Symbol.asyncDispose]())

const only = (kid: string, texts: number) => new Map([[kid, texts]])

describe('a rotation', () => {
  it(
    're-seals every row of every place and tenant, and says how far it is',
    { timeout: 90_000 },
    async () => {
      const rows = 430 * perNumber.rows
      const before = await fillAndPromote(w, { to: 430, tenants: 23 })
      await startJob(w, 'rotate', rows)
      const { deps, logs } = worker(w)
      const running = runKeyJobs(deps)
      await eventually(async () => {
        const job = await jobOf(w, 'rotate')
        return job.done > 0 && job.done < rows && job.place !== null && job.busyMs > 0
      })
      await running
      expect(await jobOf(w, 'rotate')).toMatchObject({
        state: 'done',
        total: rows,
        done: rows,
        failed: 0,
        owner: null,
      })
      const after = await readSecrets(w.sql, ringsOf('k2'))
      expect(after.plaintexts).toEqual(before)
      expect(after.kids).toEqual(only('k2', 430 * perNumber.texts))
      expect([...after.indexes]).toEqual(['k2'])
      expect(logs.lines()).toMatchObject([{ level: 'info', msg: 'rotation done', done: rows }])
    },
  )

  it('leaves erased numbers erased, also one that goes between reading and writing', async () => {
    await fillAndPromote(w, { to: 20, tenants: 1 })
    const noNumber = { person_sealed: null, person_index: null, metadata_sealed: null }
    const erase = (n: number) =>
      w.sql`update calls set ${w.sql({ ...noNumber, number_erased_at: new Date() })}
        where id = ${idOf('cal', n)}`
    await erase(3)
    const [place, tenantId] = [placeNamed('calls.person'), idOf('ten', 0)]
    await w.dialer.withTenant(tenantId, async (tx) => {
      const rows = await place.load(tx, tenantId, [idOf('cal', 3), idOf('cal', 4)])
      const resealed = rows.map((row) => row.reseal(dialersRings('k2', 'k1')))
      await erase(4)
      await place.write(tx, tenantId, resealed)
    })
    const rows = 20 * perNumber.rows - 4
    await startJob(w, 'rotate', rows)
    await runKeyJobs(worker(w).deps)
    expect(await jobOf(w, 'rotate')).toMatchObject({ state: 'done', done: rows, failed: 0 })
    const left =
      await w.sql`select id from calls where person_sealed is null or person_index is null
      order by id`
    expect(left.map(({ id }) => id as string)).toEqual([idOf('cal', 3), idOf('cal', 4)])
    const kids = await w.sql`select distinct person_kid as kid from calls order by 1`
    expect(kids.map(({ kid }) => kid as string | null)).toEqual(['k2', null])
  })

  it('passes over rows that do not open, tells of each once, and ends', async () => {
    await fillAndPromote(w, { to: 120, tenants: 2 })
    await w.sql`update phone_credentials set sid = 'other' where phone_id = ${idOf('phn', 7)}`
    await w.sql`update call_keys set wrapped = (
      select wrapped from call_keys where call_id = ${idOf('cal', 1)}) where call_id = ${idOf('cal', 3)}`
    await startJob(w, 'rotate', 120 * perNumber.rows)
    const { deps, logs } = worker(w)
    await runKeyJobs(deps)
    expect(await jobOf(w, 'rotate')).toMatchObject({
      state: 'done',
      total: 120 * perNumber.rows,
      done: 120 * perNumber.rows - 2,
      failed: 2,
      failedRows: [
        { place: 'phone_credentials', tenantId: idOf('ten', 1), id: idOf('phn', 7) },
        { place: 'call_keys', tenantId: idOf('ten', 1), id: idOf('cal', 3) },
      ],
    })
    const alerts = logs.lines().filter((line) => line['alert'] === 'sealed_row_unreadable')
    expect(alerts.map((line) => line['rowId'])).toEqual([idOf('phn', 7), idOf('cal', 3)])
    const counts =
      await w.sql`select kid, count(*)::int as n from call_keys group by kid order by kid`
    expect([...counts]).toEqual([
      { kid: 'k1', n: 1 },
      { kid: 'k2', n: 119 },
    ])
  })

  it('stops when it is paused, and goes on when it is resumed, with another worker', async () => {
    const before = await fillAndPromote(w, { to: 300, tenants: 3 })
    await startJob(w, 'rotate', 300 * perNumber.rows)
    const running = runKeyJobs(worker(w).deps)
    await eventually(async () => (await jobOf(w, 'rotate')).done > 0)
    await w.gateway.keys.setJobPaused(true)
    await running
    const paused = await jobOf(w, 'rotate')
    expect(paused).toMatchObject({ state: 'paused', owner: null })
    expect(paused.done).toBeLessThan(300 * perNumber.rows)
    await runKeyJobs(worker(w, { owner: 'another' }).deps)
    expect(await jobOf(w, 'rotate')).toEqual(paused)
    await w.gateway.keys.setJobPaused(false)
    await runKeyJobs(worker(w, { owner: 'another' }).deps)
    expect(await jobOf(w, 'rotate')).toMatchObject({
      state: 'done',
      total: 300 * perNumber.rows,
      done: 300 * perNumber.rows,
    })
    expect((await readSecrets(w.sql, ringsOf('k2'))).plaintexts).toEqual(before)
  })

  it('stops between two rows when its process is to end, and leaves the job to others', async () => {
    await fillAndPromote(w, { to: 300, tenants: 3 })
    await startJob(w, 'rotate', 300 * perNumber.rows)
    const first = worker(w)
    const running = runKeyJobs(first.deps)
    await eventually(async () => (await jobOf(w, 'rotate')).done > 0)
    first.stop.abort()
    await running
    expect(await jobOf(w, 'rotate')).toMatchObject({ state: 'running', owner: null })
    await runKeyJobs(first.deps)
    expect(await jobOf(w, 'rotate')).toMatchObject({ state: 'running', owner: null })
    await runKeyJobs(worker(w, { owner: 'another' }).deps)
    expect(await jobOf(w, 'rotate')).toMatchObject({ state: 'done', done: 300 * perNumber.rows })
  })

  it('writes nothing of a batch in which its process is to end', async () => {
    await fillAndPromote(w, { to: 10, tenants: 1 })
    await startJob(w, 'rotate', 10 * perNumber.rows)
    const { deps, stop } = worker(w, {
      database: {
        keys: w.dialer.keys,
        withTenant: (tenantId, work) => {
          stop.abort()
          return w.dialer.withTenant(tenantId, work)
        },
      },
    })
    await runKeyJobs(deps)
    expect(await jobOf(w, 'rotate')).toMatchObject({ state: 'running', done: 0, owner: null })
    expect((await readSecrets(w.sql, ringsOf('k1'))).kids).toEqual(only('k1', 10 * perNumber.texts))
  })

  it('loses no edit, however many are made beside it', async () => {
    await fillAndPromote(w, { to: 120, tenants: 4 })
    await startJob(w, 'rotate', 120 * perNumber.rows)
    const { sealRing } = ringsOf('k2', 'k1')
    const edits = new Map<string, string>()
    let editing = true
    const editor = async (first: number) => {
      for (let n = first; editing; n = (n + 7) % 120) {
        const [tenantId, phoneId] = [idOf('ten', n % 4), idOf('phn', n)]
        const secret = `edit ${edits.size} of ${n}`
        const version = edits.size + 2
        const account = sealAccount(sealRing, tenantId, phoneId, { secret, version })
        await w.gateway.withTenant(tenantId, async (tx) => {
          await tx
            .update(phoneCredentials)
            .set({ encApiKey: account.enc_api_key, encApiToken: account.enc_api_token, version })
            .where(eq(phoneCredentials.phoneId, phoneId))
        })
        edits.set(phoneId, secret)
      }
    }
    const editors = [editor(0), editor(50), editor(119)]
    await runKeyJobs(worker(w).deps)
    editing = false
    await Promise.all(editors)
    expect(edits.size).toBeGreaterThan(10)
    const { plaintexts, kids } = await readSecrets(w.sql, ringsOf('k2'))
    for (const [phoneId, secret] of edits) {
      expect(plaintexts.get(`${phoneId} apiToken`)).toBe(`apiToken ${secret}`)
    }
    expect(kids).toEqual(only('k2', 120 * perNumber.texts))
  })

  it('ends only when every live process seals with the key, and finds what they sealed till then', async () => {
    await fillAndPromote(w, { to: 20, tenants: 2 })
    await startJob(w, 'rotate', 20 * perNumber.rows)
    const beat = (primary: string) =>
      w.gateway.keys.beat({ instance: 'g', service: 'gateway', kids: ['k1', 'k2'], primary })
    await beat('k1')
    const running = runKeyJobs(worker(w).deps)
    // It says so again and again, as a process does: one that falls silent does not count.
    await eventually(async () => {
      await beat('k1')
      return (await jobOf(w, 'rotate')).done === 20 * perNumber.rows
    })
    await fillSecrets(w.sql, ringsOf('k1'), { from: 20, to: 30, tenants: 2 })
    await quickClock.sleep(20)
    expect(await jobOf(w, 'rotate')).toMatchObject({ state: 'running' })
    await beat('k2')
    await running
    expect(await jobOf(w, 'rotate')).toMatchObject({ state: 'done', failed: 0 })
    expect((await readSecrets(w.sql, ringsOf('k2'))).kids).toEqual(only('k2', 30 * perNumber.texts))
  })

  it('is not begun by a process that does not seal with the key yet', async () => {
    await fillAndPromote(w, { to: 5, tenants: 1 })
    await startJob(w, 'rotate', 5 * perNumber.rows)
    await runKeyJobs(worker(w, dialersRings('k1', 'k2')).deps)
    expect(await jobOf(w, 'rotate')).toMatchObject({ state: 'running', done: 0, owner: null })
    expect((await readSecrets(w.sql, ringsOf('k1'))).kids).toEqual(only('k1', 5 * perNumber.texts))
  })

  it('gives way when another key was promoted since', async () => {
    await fillAndPromote(w, { to: 5, tenants: 1 })
    await startJob(w, 'rotate', 5 * perNumber.rows)
    await w.gateway.keys.promote('k1', { from: 'k2' })
    const { deps, logs } = worker(w)
    await runKeyJobs(deps)
    expect(await jobOf(w, 'rotate')).toMatchObject({ state: 'done', done: 0 })
    expect(logs.lines()).toMatchObject([{ level: 'warn', msg: 'rotation superseded' }])
  })

  it('takes rows of several older keys, and leaves what names none', async () => {
    await fillSecrets(w.sql, ringsOf('k0'), { from: 0, to: 10, tenants: 2 })
    await fillSecrets(w.sql, ringsOf('k1'), { from: 10, to: 20, tenants: 2 })
    await w.gateway.keys.introduce('k2', { primary: 'k1' })
    await w.gateway.keys.promote('k2', { from: 'k1' })
    await w.sql`update idempotency_keys set fingerprint = 'k0.former-form' where key = 'key 3'`
    await startJob(w, 'rotate', 20 * perNumber.rows - 1)
    await runKeyJobs(worker(w, dialersRings('k2', 'k1', 'k0')).deps)
    expect(await jobOf(w, 'rotate')).toMatchObject({
      state: 'done',
      done: 20 * perNumber.rows - 1,
      failed: 0,
    })
    const kids = await w.gateway.keys.keyIds()
    expect([...new Set(kids.map(({ kid }) => kid))]).toEqual(['k2'])
  })
})
