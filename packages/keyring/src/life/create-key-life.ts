import { ID_RANDOM_BYTES, newId } from '@callwire/contracts'
import type { KeyJob, KeyStore } from '@callwire/db'
import type { Clock, Random } from '@callwire/runtime'
import { decideIntroduce, decideJob, decidePromote, decideRetire } from './decide-step.ts'
import { viewJob } from './job-view.ts'
import type { KeyAudit } from './key-audit.ts'
import {
  primaryRecord,
  readKeyFacts,
  recordOf,
  sealingKey,
  type KeyLifeFacts,
} from './key-facts.ts'
import type { KeyActor, KeyLife, Refused } from './key-life.ts'
import type { KeyRefusal } from './refusal.ts'
import { viewStatus } from './view-status.ts'

/**
 * After a promotion some process may have signed with the former key for as long as a process may
 * be silent and count as alive.
 */
const FOLLOWED_AFTER_MS = 15_000

export function createKeyLife(d: {
  keys: KeyStore
  audit: KeyAudit
  clock: Clock
  random: Random
}): KeyLife {
  const { keys, audit } = d
  const facts = () => readKeyFacts(keys)

  const openCalls = async ({ records }: KeyLifeFacts) => {
    const promotedAt = primaryRecord({ records })?.promotedAt ?? null
    if (promotedAt === null) return 0
    return keys.openCallsDialedBefore(new Date(promotedAt.getTime() + FOLLOWED_AFTER_MS))
  }

  const startJob = async (kind: KeyJob['kind'], by: KeyActor): ReturnType<KeyLife['rotate']> => {
    const now = await facts()
    const refusal = decideJob(now)
    if (refusal !== null) return refused(refusal)
    const toKid = sealingKey(now)
    if (toKid === null) return refused({ kind: 'primary_unclear', processes: now.processes })
    await audit({ by, action: `keys.${kind}`, details: { kid: toKid } })
    // From here on it is this key that seals, in whatever order the next start finds the keys.
    if (primaryRecord(now) === null) await keys.introduce(toKid, { primary: toKid })
    const rows = now.rows.filter((row) => kind === 'verify' || row.kid !== toKid)
    const total = rows.reduce((sum, row) => sum + row.rows, 0)
    const id = newId('keyJob', { nowMs: d.clock.now(), random: d.random(ID_RANDOM_BYTES) })
    const job = await keys.createJob({ id, kind, toKid, total })
    if (job !== null) return { kind: 'started', job: viewJob(job) }
    return refused(decideJob(await facts()) ?? { kind: 'no_job' })
  }

  const setPaused = async (paused: boolean, by: KeyActor) => {
    const open = await keys.openJob()
    if (open === null) return null
    const action = paused ? 'keys.pause' : 'keys.resume'
    await audit({ by, action, details: { job: open.id, kind: open.kind } })
    const job = await keys.setJobPaused(paused)
    return job === null ? null : viewJob(job)
  }

  return {
    status: async () => viewStatus(await facts()),

    job: async (kind) => {
      const job = await keys.lastJob(kind)
      return job === null ? null : viewJob(job)
    },

    introduce: async (kid, by) => {
      const now = await facts()
      const refusal = decideIntroduce(now, kid)
      if (refusal !== null) return refused(refusal)
      if (recordOf(now, kid) === null) {
        const primary = sealingKey(now)
        if (primary === null) return refused({ kind: 'primary_unclear', processes: now.processes })
        await audit({ by, action: 'keys.introduce', details: { kid } })
        await keys.introduce(kid, { primary })
      }
      const lacking = now.processes.filter((process) => !process.kids.includes(kid))
      return { kind: 'introduced', kid, lacking }
    },

    promote: async (kid, by) => {
      const now = await facts()
      const refusal = decidePromote(now, kid)
      if (refusal !== null) return refused(refusal)
      const from = primaryRecord(now)?.kid ?? ''
      await audit({ by, action: 'keys.promote', details: { kid, from } })
      if (await keys.promote(kid, { from })) return { kind: 'promoted', kid, from }
      return refused(decidePromote(await facts(), kid) ?? { kind: 'not_introduced', kid })
    },

    rotate: (by) => startJob('rotate', by),
    verify: (by) => startJob('verify', by),

    pause: async (by) => {
      const job = await setPaused(true, by)
      return job === null ? refused({ kind: 'no_job' }) : { kind: 'paused', job }
    },

    resume: async (by) => {
      const job = await setPaused(false, by)
      return job === null ? refused({ kind: 'no_job' }) : { kind: 'resumed', job }
    },

    retire: async (kid, by) => {
      const now = await facts()
      const refusal = decideRetire(now, kid, await openCalls(now))
      if (refusal !== null) return refused(refusal)
      await audit({ by, action: 'keys.retire', details: { kid } })
      if (await keys.retire(kid)) return { kind: 'retired', kid }
      const then = await facts()
      return refused(decideRetire(then, kid, await openCalls(then)) ?? { kind: 'retired', kid })
    },
  }
}

function refused(refusal: KeyRefusal): Refused {
  return { kind: 'refused', refusal }
}
