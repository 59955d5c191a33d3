import type { KeyJob, KeyStore } from '@callwire/db'
import { placeNamed, places } from '../places/places.ts'
import type { KeyJobsDeps } from './key-jobs-deps.ts'
import { beginRound, sealsWith, type Cursor, type JobRound, type RoundEnd } from './job-round.ts'
import { resealBatch } from './work-batch.ts'

/** Between two looks at whether every process has followed, and between two passes. */
const LOOK_AGAIN_MS = 1_000

const nowhere: Cursor = { place: null, afterTenant: '', afterId: '' }

/**
 * Re-seals everything that is not under the job's key. It begins at the beginning whoever takes it
 * up: what is done is no more among the rows to do, so that nothing has to be remembered.
 *
 * It ends when no row is left but those that do not open, counted after every live process had
 * been seen to seal with the key: from then on no row is added to the others.
 */
export async function rotate(d: KeyJobsDeps, job: KeyJob): Promise<void> {
  const { keys } = d.database
  if (await isSuperseded(keys, job)) {
    if (await keys.finishJob(job.id, d.owner)) d.log.warn({ job: job.id }, 'rotation superseded')
    return
  }
  // A moment after the promotion our own look may be still to come.
  if (!sealsWith(d, job.toKid)) return
  using round = beginRound(d, job)
  for (;;) {
    round.progress.recount(await rowsOutside(keys, job.toKid))
    if (!(await round.advance(nowhere))) return
    if ((await pass(d, job, round)) === 'stopped') return
    if (!(await everybodySealsWith(d, job, round))) return
    if ((await rowsOutside(keys, job.toKid)) <= round.progress.failed) break
    if (!(await round.rest(LOOK_AGAIN_MS))) return
  }
  if (!(await keys.finishJob(job.id, d.owner))) return
  const { done, failed } = round.progress.step()
  d.log.info({ job: job.id, kid: job.toKid, done, failed }, 'rotation done')
}

/** Every place, key by key, once. */
async function pass(d: KeyJobsDeps, job: KeyJob, round: JobRound): Promise<RoundEnd> {
  const named = await d.database.keys.keyIds()
  for (const { place } of places) {
    for (const { kid } of named.filter((item) => item.place === place && item.kid !== job.toKid)) {
      const end = await round.sweep(placeNamed(place), {
        kid,
        from: nowhere,
        // What is sealed to another key than the job's would be work for nobody's good.
        work: async (rows) =>
          sealsWith(d, job.toKid) ? resealBatch(d, placeNamed(place), rows, job.toKid) : null,
      })
      if (end === 'stopped') return 'stopped'
    }
  }
  return 'swept'
}

/** Waits until every live process seals with the key; false when the round is to end. */
async function everybodySealsWith(d: KeyJobsDeps, job: KeyJob, round: JobRound): Promise<boolean> {
  const { keys } = d.database
  for (;;) {
    const holders = await keys.holders()
    if (holders.every((holder) => holder.primary === job.toKid)) return true
    round.progress.mark('work')
    if (!(await round.rest(LOOK_AGAIN_MS))) return false
    round.progress.mark('wait')
    if (!(await round.advance(nowhere)) || (await isSuperseded(keys, job))) return false
  }
}

/** Another key was promoted since: to go on would undo what it is for. */
async function isSuperseded(keys: KeyStore, job: KeyJob): Promise<boolean> {
  const primary = (await keys.records()).find((record) => record.primary)
  return primary !== undefined && primary.kid !== job.toKid
}

async function rowsOutside(keys: KeyStore, toKid: string): Promise<number> {
  const others = (await keys.keyIds()).filter(({ kid }) => kid !== toKid)
  const counts = await Promise.all(others.map(({ place, kid }) => keys.keyRows(place, kid)))
  return counts.reduce((sum, rows) => sum + rows, 0)
}
