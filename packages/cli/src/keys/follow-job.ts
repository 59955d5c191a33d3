import type { JobView, KeyLife } from '@callwire/keyring'
import { systemClock } from '@callwire/runtime'
import { createTerminal } from '../call-view/terminal.ts'
import type { Context } from '../commands/context.ts'
import { CliFailure } from '../failure.ts'
import { percentOf, progressLine, summary } from './progress.ts'

const lookEveryMs = 500
/** Where lines stay, one for each of these steps is enough. */
const stepPercent = 5

/** Shows a job until it is done, paused, or the person has seen enough. */
export async function followJob(
  life: KeyLife,
  kind: JobView['kind'],
  context: Pick<Context, 'output' | 'signal'>,
): Promise<void> {
  const { signal } = context
  const output = context.output()
  const terminal = createTerminal(output.stream)
  const say = (line: string) => {
    if (!output.json) terminal.keep([line])
  }
  const { processes } = await life.status()
  if (processes.every(({ service }) => service !== 'dialer')) {
    say('no dialer is running; the work begins when one does')
  }
  let told = -stepPercent
  for (;;) {
    const job = await life.job(kind)
    if (job === null) throw new CliFailure('The job is gone. `callwire keys status` shows what is.')
    const ended = job.state !== 'running' || signal.aborted
    if (!output.json) {
      if (output.stream.isTTY === true) terminal.live(ended ? null : progressLine(job))
      else if (!ended && percentOf(job) >= told + stepPercent) {
        told = percentOf(job)
        say(progressLine(job))
      }
    }
    if (ended) {
      end(job)
      return
    }
    await systemClock.sleep(lookEveryMs, signal).catch(() => undefined)
  }

  function end(job: JobView): void {
    if (job.state === 'running') {
      output.result(
        job,
        `the ${nouns[kind]} goes on without this command; follow it with \`callwire keys ${kind}\`, stop it with \`callwire keys ${kind} --pause\``,
      )
      return
    }
    if (job.state === 'paused') {
      output.result(job, `paused; go on with \`callwire keys ${kind} --resume\``)
      return
    }
    output.result(job, [progressLine(job), summary(job), ...next(job)].join('\n'))
    if (job.failed > 0) {
      throw new CliFailure(
        `${job.failed} rows did not open: the rows named are damaged, or belong to a key that is not held. Restore them or delete them, then run \`callwire keys ${kind}\` again.`,
      )
    }
  }
}

const nouns = { rotate: 'rotation', verify: 'verification' } as const

function next(job: JobView): string[] {
  const rows = job.failedRows.map(({ place, tenantId, id }) => `failed: ${place} ${tenantId} ${id}`)
  if (job.failed > 0) return rows
  return job.kind === 'rotate'
    ? ['next: callwire keys verify']
    : ['next: callwire keys retire, with the id of the former key']
}
