import type { KeyJob } from '@callwire/db'
import { places } from '../places/places.ts'
import { beginRound, type Cursor } from './job-round.ts'
import type { KeyJobsDeps } from './key-jobs-deps.ts'
import { checkBatch } from './work-batch.ts'

/**
 * Opens every sealed row, and sees whether numbers are found by their index. It goes on where the
 * job's row says: cursor and counters were written together, so nothing is counted twice.
 */
export async function verify(d: KeyJobsDeps, job: KeyJob): Promise<void> {
  using round = beginRound(d, job)
  const first = places.findIndex(({ place }) => place === job.place)
  for (const place of places.slice(Math.max(first, 0))) {
    const resumed = place.place === job.place
    const from: Cursor = {
      place: place.place,
      afterTenant: resumed ? (job.afterTenant ?? '') : '',
      afterId: resumed ? (job.afterId ?? '') : '',
    }
    const work = (rows: { tenantId: string; id: string }[]) => checkBatch(d, place, rows)
    if ((await round.sweep(place, { kid: null, from, work })) === 'stopped') return
  }
  if (!(await d.database.keys.finishJob(job.id, d.owner))) return
  const { done, failed } = round.progress.step()
  d.log.info({ job: job.id, done, failed }, 'verification done')
}
