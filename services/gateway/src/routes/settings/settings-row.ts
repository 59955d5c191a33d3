import type { PatchSettingsBody, RetentionDays, Settings } from '@callwire/contracts'
import { tenants, type Tx } from '@callwire/db'
import { eq } from 'drizzle-orm'
import { first } from '../../http/reply.ts'
import { readInstallDialing } from '../dialing/install-row.ts'

const columns = {
  dialingPaused: tenants.dialingPaused,
  calls: tenants.capTenant,
  callsPerPhone: tenants.capPhone,
  callsPerAccount: tenants.capAccount,
  callingHours: tenants.callingHours,
  expireAfterMs: tenants.expireAfterMs,
  streams: tenants.capStreams,
  audio: tenants.retainAudioDays,
  recordings: tenants.retainRecordingsDays,
  words: tenants.retainWordsDays,
  numbers: tenants.retainNumbersDays,
}

export async function readSettings(tx: Tx, tenantId: string): Promise<Settings> {
  const own = await tx.select(columns).from(tenants).where(eq(tenants.tenantId, tenantId))
  const { paused } = await readInstallDialing(tx)
  const { calls, callsPerPhone, callsPerAccount, streams, ...more } = first(own)
  const { audio, recordings, words, numbers, ...rest } = more
  return {
    ...rest,
    caps: { calls, callsPerPhone, callsPerAccount, streams },
    retentionDays: { audio, recordings, words, numbers },
    dialingPausedForAll: paused,
  }
}

/** How long things are kept, locked, so that what the audit says they were is what they were. */
export async function lockRetention(tx: Tx, tenantId: string): Promise<RetentionDays> {
  const { audio, recordings, words, numbers } = columns
  const own = await tx
    .select({ audio, recordings, words, numbers })
    .from(tenants)
    .where(eq(tenants.tenantId, tenantId))
    .for('update')
  return first(own)
}

/** Changes what is named in `changes`, and nothing when that is nothing. */
export async function writeSettings(
  tx: Tx,
  tenantId: string,
  changes: PatchSettingsBody,
): Promise<void> {
  const { caps = {}, retentionDays: days = {}, ...rest } = changes
  const set = {
    ...rest,
    ...('calls' in caps ? { capTenant: caps.calls } : {}),
    ...('callsPerPhone' in caps ? { capPhone: caps.callsPerPhone } : {}),
    ...('callsPerAccount' in caps ? { capAccount: caps.callsPerAccount } : {}),
    ...('streams' in caps ? { capStreams: caps.streams } : {}),
    ...('audio' in days ? { retainAudioDays: days.audio } : {}),
    ...('recordings' in days ? { retainRecordingsDays: days.recordings } : {}),
    ...('words' in days ? { retainWordsDays: days.words } : {}),
    ...('numbers' in days ? { retainNumbersDays: days.numbers } : {}),
  }
  if (Object.keys(set).length === 0) return
  await tx.update(tenants).set(set).where(eq(tenants.tenantId, tenantId))
}
