import type { JobView } from '@callwire/keyring'

const barWidth = 20

/** Of all rows, how many are dealt with; all when there are none. */
export function percentOf(job: Pick<JobView, 'total' | 'done' | 'failed' | 'state'>): number {
  if (job.state === 'done') return 100
  if (job.total === 0) return 0
  return Math.min(99, Math.floor((100 * (job.done + job.failed)) / job.total))
}

/** `rotate  ██████░░░░  57%  57,000/100,000  0 failed  8,431/s  5 s left` */
export function progressLine(job: JobView): string {
  const percent = percentOf(job)
  const full = Math.round((barWidth * percent) / 100)
  return [
    job.kind,
    `${'█'.repeat(full)}${'░'.repeat(barWidth - full)}`,
    `${percent}%`.padStart(4),
    `${grouped(job.done)}/${grouped(job.total)}`,
    `${grouped(job.failed)} failed`,
    `${grouped(Math.round(job.rate))}/s`,
    ...tail(job),
  ].join('  ')
}

function tail({ state, eta, waitsFor }: JobView): string[] {
  if (state === 'paused') return ['paused']
  if (state === 'done') return ['done']
  if (waitsFor !== null) return [`waiting for the ${waitsFor}`]
  return eta === null ? [] : [`${duration(eta)} left`]
}

/** The last word on a job. */
export function summary(job: JobView): string {
  const seconds = Math.max(
    0,
    ((job.finishedAt ?? job.startedAt).getTime() - job.startedAt.getTime()) / 1000,
  )
  const what = job.kind === 'rotate' ? `sealed under ${job.toKid}` : 'opened'
  return `${grouped(job.done)} of ${grouped(job.total)} rows ${what}, ${grouped(job.failed)} failed, in ${duration(Math.ceil(seconds))}`
}

export function duration(seconds: number): string {
  if (seconds < 60) return `${seconds} s`
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`
  return `${Math.floor(seconds / 3_600)} h ${Math.floor((seconds % 3_600) / 60)} min`
}

function grouped(n: number): string {
  return n.toLocaleString('en')
}
