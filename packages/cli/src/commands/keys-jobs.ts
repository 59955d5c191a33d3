import type { JobView, KeyLife } from '@callwire/keyring'
import { Option, type Command } from 'commander'
import { followJob } from '../keys/follow-job.ts'
import { refused } from '../keys/next-step.ts'
import { progressLine } from '../keys/progress.ts'
import { operator, withKeyLife } from '../keys/with-key-life.ts'
import type { Context } from './context.ts'

type Options = { detach?: boolean; pause?: boolean; resume?: boolean }

/** `keys rotate` and `keys verify`: start the work that a dialer does, or follow it. */
export function registerKeysJobs(keys: Command, context: Context): void {
  const register = (kind: JobView['kind'], description: string) =>
    keys
      .command(kind)
      .description(description)
      .option('--detach', 'start it and come back at once')
      .addOption(
        new Option('--pause', 'pause it; it stays paused across restarts').conflicts([
          'resume',
          'detach',
        ]),
      )
      .addOption(new Option('--resume', 'go on with it, and follow it').conflicts('pause'))
      .action((options: Options) => withKeyLife(context, (life) => act(life, kind, options)))

  register('rotate', 'seal every row anew under the primary key; shows the one under way, if any')
  register('verify', 'open every sealed row, to see that it opens; shows the one under way, if any')

  async function act(life: KeyLife, kind: JobView['kind'], options: Options): Promise<void> {
    if (options.pause === true) {
      const outcome = await openJob(life, kind, () => life.pause(operator))
      context.output().result(outcome, progressLine(outcome))
      return
    }
    const job =
      options.resume === true
        ? await openJob(life, kind, () => life.resume(operator))
        : await startOrFind(life, kind)
    if (options.detach === true) context.output().result(job, progressLine(job))
    else await followJob(life, kind, context)
  }
}

type Step = Awaited<ReturnType<KeyLife['pause' | 'resume' | 'rotate']>>

/** The other kind's job is not this command's to pause. */
async function openJob(
  life: KeyLife,
  kind: JobView['kind'],
  step: () => Promise<Step>,
): Promise<JobView> {
  const job = await life.job(kind)
  if (job === null || job.state === 'done') throw refused({ kind: 'no_job' })
  return jobOf(await step())
}

async function startOrFind(life: KeyLife, kind: JobView['kind']): Promise<JobView> {
  const job = await life.job(kind)
  if (job?.state === 'running') return job
  return jobOf(await life[kind](operator))
}

function jobOf(step: Step): JobView {
  if (step.kind === 'refused') throw refused(step.refusal)
  return step.job
}
