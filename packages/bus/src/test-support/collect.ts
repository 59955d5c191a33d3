import type { CallJob } from '@callwire/contracts'

/** A handler that remembers what it was given, in order. */
export function collect() {
  const jobs: CallJob[] = []
  const handler = (job: CallJob) => {
    jobs.push(job)
    return Promise.resolve()
  }
  return { jobs, handler }
}
