import type { KeyJob } from '@callwire/db'
import type { KeyJobsDeps } from './key-jobs-deps.ts'
import { rotate } from './rotate.ts'
import { openablePlaces } from './stage.ts'
import { verify } from './verify.ts'

/**
 * A batch and its rest take a second or two; an owner that is silent for longer than this is taken
 * for dead. By mistake that does no harm, as rows are replaced by comparison.
 */
const STALE_MS = 10_000

/**
 * One turn at the open job, if there is one that nobody works on and that stands at a place which
 * the given rings open: until it is done, or for others to go on, or paused, or the process is to
 * end. For a service to repeat.
 */
export async function runKeyJobs(d: KeyJobsDeps): Promise<void> {
  const { keys } = d.database
  if (d.stopping.aborted) return
  const job = await keys.claimJob(d.owner, {
    staleMs: d.staleMs ?? STALE_MS,
    places: openablePlaces(d),
  })
  if (job === null) return
  try {
    await jobs[job.kind](d, job)
  } finally {
    // Left to whoever comes first, instead of waiting until we count as dead.
    await keys.releaseJob(d.owner)
  }
}

const jobs: Readonly<Record<KeyJob['kind'], (d: KeyJobsDeps, job: KeyJob) => Promise<void>>> = {
  rotate,
  verify,
}
