import type { KeyJob, KeyStore, SealedPlace } from '@callwire/db'
import { placeNamed } from '../places/places.ts'
import type { KeyJobsDeps } from './key-jobs-deps.ts'
import {
  beginRound,
  nowhere,
  sealsWith,
  startOf,
  type JobRound,
  type RoundEnd,
} from './job-round.ts'
import { stageAt, type Stage } from './stage.ts'
import { resealBatch } from './work-batch.ts'

/** Between two looks at whether every process has followed, and between two passes. */
const LOOK_AGAIN_MS = 1_000

/**
 * Re-seals everything that is not under the job's key, as far as this process opens it. Whoever
 * takes it up begins at the first of these places: what is done is no more among the rows to do, so
 * that nothing has to be remembered.
 *
 * A stage ends when no row of it is left but those that do not open, counted after every live
 * process had been seen to seal with the key: from then on no row is added to the others. Then the
 * job is left to whoever opens what comes next, or is done.
 */
export async function rotate(d: KeyJobsDeps, job: KeyJob): Promise<void> {
  const { keys } = d.database
  if (await isSuperseded(keys, job)) {
    if (await keys.finishJob(job.id, d.owner)) d.log.warn({ job: job.id }, 'rotation superseded')
    return
  }
  // A moment after the promotion our own look may be still to come.
  if (!sealsWith(d, job.toKid)) return
  const stage = stageAt(d, job.place)
  const own = stage.own.map(({ place }) => place)
  const home = stage.before.length === 0 ? nowhere : startOf(own[0] ?? null)
  using round = beginRound(d, job)
  for (;;) {
    const failed = await rowsOutside(keys, job.toKid, stage.before)
    round.progress.recount({ left: await rowsOutside(keys, job.toKid), failed, own })
    if (!(await round.advance(home))) return
    if ((await pass(d, job, round, stage)) === 'stopped') return
    if (!(await everybodySealsWith(d, job, round, home))) return
    const left = await rowsOutside(keys, job.toKid, [...stage.before, ...own])
    if (left <= round.progress.failed) break
    if (!(await round.rest(LOOK_AGAIN_MS))) return
  }
  for (const place of stage.after) {
    if ((await rowsOutside(keys, job.toKid, [place])) > 0) {
      await round.advance(startOf(place))
      return
    }
  }
  if (!(await keys.finishJob(job.id, d.owner))) return
  const { done, failed } = round.progress.step()
  d.log.info({ job: job.id, kid: job.toKid, done, failed }, 'rotation done')
}

/** Every place of the stage, key by key, once. */
async function pass(d: KeyJobsDeps, job: KeyJob, round: JobRound, stage: Stage): Promise<RoundEnd> {
  const named = await d.database.keys.keyIds()
  for (const { place } of stage.own) {
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
async function everybodySealsWith(
  d: KeyJobsDeps,
  job: KeyJob,
  round: JobRound,
  home: ReturnType<typeof startOf>,
): Promise<boolean> {
  const { keys } = d.database
  for (;;) {
    const holders = await keys.holders()
    if (holders.every((holder) => holder.primary === job.toKid)) return true
    round.progress.mark('work')
    if (!(await round.rest(LOOK_AGAIN_MS))) return false
    round.progress.mark('wait')
    if (!(await round.advance(home)) || (await isSuperseded(keys, job))) return false
  }
}

/** Another key was promoted since: to go on would undo what it is for. */
async function isSuperseded(keys: KeyStore, job: KeyJob): Promise<boolean> {
  const primary = (await keys.records()).find((record) => record.primary)
  return primary !== undefined && primary.kid !== job.toKid
}

/** Rows under any other key than this one; of all places unless told which. */
async function rowsOutside(
  keys: KeyStore,
  toKid: string,
  of?: readonly SealedPlace[],
): Promise<number> {
  const others = (await keys.keyIds()).filter(
    ({ place, kid }) => kid !== toKid && (of === undefined || of.includes(place)),
  )
  const counts = await Promise.all(others.map(({ place, kid }) => keys.keyRows(place, kid)))
  return counts.reduce((sum, rows) => sum + rows, 0)
}
