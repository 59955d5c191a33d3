import type { KeyJob, KeyStore, SealedPlace } from '@callwire/db'
import { beginRound, startOf, type Cursor } from './job-round.ts'
import type { KeyJobsDeps } from './key-jobs-deps.ts'
import { stageAt } from './stage.ts'
import { checkBatch } from './work-batch.ts'

/**
 * Opens every sealed row, as far as this process opens it, and sees whether numbers are found by
 * their index. It goes on where the job's row says: cursor and counters were written together, so
 * nothing is counted twice. Then the job is left to whoever opens what comes next, or is done.
 */
export async function verify(d: KeyJobsDeps, job: KeyJob): Promise<void> {
  const { keys } = d.database
  using round = beginRound(d, job)
  const { own, after } = stageAt(d, job.place)
  const first = own.findIndex(({ place }) => place === job.place)
  for (const place of own.slice(Math.max(first, 0))) {
    const resumed = place.place === job.place
    const from: Cursor = {
      place: place.place,
      afterTenant: resumed ? (job.afterTenant ?? '') : '',
      afterId: resumed ? (job.afterId ?? '') : '',
    }
    const work = (rows: { tenantId: string; id: string }[]) => checkBatch(d, place, rows)
    if ((await round.sweep(place, { kid: null, from, work })) === 'stopped') return
  }
  for (const place of after) {
    if (await hasRows(keys, place)) {
      await round.advance(startOf(place))
      return
    }
  }
  if (!(await keys.finishJob(job.id, d.owner))) return
  const { done, failed } = round.progress.step()
  d.log.info({ job: job.id, done, failed }, 'verification done')
}

async function hasRows(keys: KeyStore, place: SealedPlace): Promise<boolean> {
  const first = { place, kid: null, afterTenant: '', afterId: '', limit: 1 }
  return (await keys.sealedRows(first)).length > 0
}
