import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { DbError, phoneCredentials, type Database } from '@callwire/db'
import { eventually } from '@callwire/testkit'
import { eq } from 'drizzle-orm'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { faulty } from '../testing/faulty.ts'
import { idOf, perNumber, sealAccount } from '../testing/fill-secrets.ts'
import { readSecrets } from '../testing/read-secrets.ts'
import { fillAndPromote, jobOf, startJob, worker } from '../testing/rotating.ts'
import { ringsOf } from '../testing/test-keys.ts'
import { createWorld, type World } from '../testing/world.ts'
import { runKeyJobs } from './run-key-jobs.ts'

let w: World
beforeEach(async () => {
  w = await createWorld()
})
afterEach(() => w[Symbol.asyncDispose]())

const kills = 10
const childProgram = fileURLToPath(new URL('../testing/rotate-child.ts', import.meta.url))

/** A different point of the work at every turn, the same ones in every run. */
function countdown(calls: number): () => void {
  let left = calls
  return () => {
    left -= 1
    if (left < 0) throw new DbError({ code: 'unavailable' })
  }
}

/** New credentials for a phone, as a person imports them at any time. */
async function edit(n: number, tenants: number, version: number): Promise<[string, string]> {
  const [tenantId, phoneId] = [idOf('ten', n % tenants), idOf('phn', n)]
  const secret = `edit ${version}`
  const { sealRing } = ringsOf('k2', 'k1')
  const account = sealAccount(sealRing, tenantId, phoneId, { secret, version })
  await w.gateway.withTenant(tenantId, (tx) =>
    tx
      .update(phoneCredentials)
      .set({ encApiKey: account.enc_api_key, encApiToken: account.enc_api_token, version })
      .where(eq(phoneCredentials.phoneId, phoneId)),
  )
  return [phoneId, secret]
}

async function expectAll(before: Map<string, string>, edits: Map<string, string>, texts: number) {
  for (const [phoneId, secret] of edits) {
    before.set(`${phoneId} apiKey`, `apiKey ${secret}`)
    before.set(`${phoneId} apiToken`, `apiToken ${secret}`)
  }
  const after = await readSecrets(w.sql, ringsOf('k2'))
  expect(after.plaintexts).toEqual(before)
  expect(after.kids).toEqual(new Map([['k2', texts]]))
  expect(await jobOf(w, 'rotate')).toMatchObject({ state: 'done', failed: 0, owner: null })
}

describe('a rotation whose worker ends', () => {
  it.each(['before', 'after'] as const)(
    'at any call to the database, %s it is made, is ended by others',
    async (when) => {
      const before = await fillAndPromote(w, { to: 60, tenants: 3 })
      await startJob(w, 'rotate', 60 * perNumber.rows)
      const edits = new Map<string, string>()
      let turns = 0
      for (; (await jobOf(w, 'rotate')).state !== 'done'; turns += 1) {
        const cut = countdown(turns)
        const database: Pick<Database, 'withTenant' | 'keys'> = {
          keys: faulty(w.dialer.keys, { [when]: cut }),
          withTenant: (tenantId, work) =>
            w.dialer.withTenant(tenantId, async (tx) => {
              if (when === 'before') cut()
              const value = await work(tx)
              // Thrown in here it is undone as well: the cut is before the commit or after it.
              if (when === 'after') cut()
              return value
            }),
        }
        const { deps } = worker(w, { database, owner: `worker ${turns}`, staleMs: 0 })
        await runKeyJobs(deps).catch((error: unknown) => {
          if (!(error instanceof DbError)) throw error
        })
        edits.set(...(await edit(turns % 60, 3, turns + 2)))
      }
      expect(turns).toBeGreaterThan(10)
      await expectAll(before, edits, 60 * perNumber.texts)
    },
  )

  it(
    'by kill -9, again and again, is ended, with no edit overwritten',
    { timeout: 240_000 },
    async () => {
      const before = await fillAndPromote(w, { to: 900, tenants: 9 })
      await startJob(w, 'rotate', 900 * perNumber.rows)
      const edits = new Map<string, string>()
      const left = async () => {
        const ids = (await w.dialer.keys.keyIds()).filter(({ kid }) => kid === 'k1')
        const rows = await Promise.all(
          ids.map(({ place, kid }) => w.dialer.keys.keyRows(place, kid)),
        )
        return rows.reduce((sum, n) => sum + n, 0)
      }
      for (let turn = 0; turn < kills; turn += 1) {
        const rows = await left()
        // On a busy machine one that is killed has done more than its share by then.
        if (rows === 0) break
        const child = spawn(process.execPath, [childProgram, w.database.serviceUrl('dialer')], {
          stdio: ['ignore', 'inherit', 'inherit'],
        })
        await eventually(async () => (await left()) < rows, { boundMs: 30_000, what: 'work' })
        edits.set(...(await edit(turn * 97, 9, turn + 2)))
        child.kill('SIGKILL')
        await once(child, 'exit')
      }
      await eventually(async () => {
        await runKeyJobs(worker(w).deps)
        return (await jobOf(w, 'rotate')).state === 'done'
      })
      expect(edits.size).toBeGreaterThan(4)
      await expectAll(before, edits, 900 * perNumber.texts)
      expect(await jobOf(w, 'rotate')).toMatchObject({
        total: 900 * perNumber.rows,
        done: 900 * perNumber.rows,
      })
    },
  )

  it('because two take it for their own, is ended all the same', async () => {
    const before = await fillAndPromote(w, { to: 200, tenants: 4 })
    await startJob(w, 'rotate', 200 * perNumber.rows)
    const workers = ['a', 'b'].map((owner) => worker(w, { owner, staleMs: 0 }).deps)
    await eventually(
      async () => {
        await Promise.all(workers.map((deps) => runKeyJobs(deps)))
        return (await jobOf(w, 'rotate')).state === 'done'
      },
      { boundMs: 25_000 },
    )
    await expectAll(before, new Map(), 200 * perNumber.texts)
  })
})
