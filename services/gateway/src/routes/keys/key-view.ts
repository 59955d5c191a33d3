import type { KeyHolder, KeyJobView, SealingKey } from '@callwire/contracts'
import type { JobView, KeyLife, KeyProcess } from '@callwire/keyring'

export function viewJob(job: JobView): KeyJobView {
  return {
    ...job,
    startedAt: job.startedAt.toISOString(),
    finishedAt: job.finishedAt?.toISOString() ?? null,
  }
}

export function viewProcess({ seenAt, ...process }: KeyProcess): KeyHolder {
  return { ...process, seenAt: seenAt.toISOString() }
}

/** One key as it stands; one that neither rows nor processes know yet is there by its name alone. */
export async function viewKey(life: KeyLife, kid: string): Promise<SealingKey> {
  const { keys } = await life.status()
  return keys.find((key) => key.kid === kid) ?? { kid, state: 'introduced', rows: {}, total: 0 }
}
