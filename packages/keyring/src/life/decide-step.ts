import type { KeyJob } from '@callwire/db'
import { viewJob } from './job-view.ts'
import { primaryRecord, recordOf, rowsUnder, type KeyLifeFacts } from './key-facts.ts'
import type { KeyRefusal } from './refusal.ts'

/** As crypto's rings spell key ids. */
const KEY_ID = /^[a-z0-9][a-z0-9-]{0,31}$/

export function decideIntroduce(facts: KeyLifeFacts, kid: string): KeyRefusal | null {
  if (!KEY_ID.test(kid)) return { kind: 'unknown_key', kid }
  const record = recordOf(facts, kid)
  return record !== null && record.retiredAt !== null ? { kind: 'retired', kid } : null
}

/**
 * A key may seal when every live process has it. With no process alive nobody has shown to have it,
 * and whoever starts next would refuse to.
 */
export function decidePromote(facts: KeyLifeFacts, kid: string): KeyRefusal | null {
  const record = recordOf(facts, kid)
  if (record === null) return unrecorded(facts, kid)
  if (record.retiredAt !== null) return { kind: 'retired', kid }
  if (record.primary) return { kind: 'already_primary', kid }
  const lacking = facts.processes.filter((process) => !process.kids.includes(kid))
  if (lacking.length > 0 || facts.processes.length === 0) {
    return { kind: 'not_held', kid, processes: lacking }
  }
  return null
}

export function decideJob(facts: KeyLifeFacts): KeyRefusal | null {
  const open = openJob(facts)
  return open === null ? null : { kind: 'job_running', job: viewJob(open) }
}

/**
 * A key may go when nothing needs it: no row names it, every row was opened since without it being
 * needed, and no call is going on whose callback address it signed.
 *
 * @param openCalls - calls not ended that were dialed before every process followed the promotion
 */
export function decideRetire(
  facts: KeyLifeFacts,
  kid: string,
  openCalls: number,
): KeyRefusal | null {
  const record = recordOf(facts, kid)
  if (record === null) return unrecorded(facts, kid)
  if (record.retiredAt !== null) return { kind: 'retired', kid }
  if (record.primary) return { kind: 'is_primary', kid }
  const rows = rowsUnder(facts, kid)
  if (rows > 0) return { kind: 'in_use', kid, rows }
  const open = openJob(facts)
  if (open !== null) return { kind: 'job_running', job: viewJob(open) }
  // Where no key was ever promoted, this one never sealed anything.
  const promotedAt = primaryRecord(facts)?.promotedAt ?? null
  if (promotedAt === null) return null
  if (!isVerified(facts, promotedAt)) return { kind: 'not_verified', kid }
  return openCalls > 0 ? { kind: 'calls_open', kid, count: openCalls } : null
}

/** Everything opened, after the key of now was promoted and after the last rotation. */
function isVerified(facts: KeyLifeFacts, promotedAt: Date): boolean {
  const { verification, rotation } = facts
  if (verification?.state !== 'done' || verification.failed > 0) return false
  const since = Math.max(promotedAt.getTime(), rotation?.finishedAt?.getTime() ?? 0)
  return verification.startedAt.getTime() >= since
}

function openJob({ rotation, verification }: KeyLifeFacts): KeyJob | null {
  return [rotation, verification].find((job) => job !== null && job.state !== 'done') ?? null
}

function unrecorded(facts: KeyLifeFacts, kid: string): KeyRefusal {
  const known =
    facts.processes.some((process) => process.kids.includes(kid)) || rowsUnder(facts, kid) > 0
  return { kind: known ? 'not_introduced' : 'unknown_key', kid }
}
