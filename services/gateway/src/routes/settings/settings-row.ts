import type { PatchSettingsBody, Settings } from '@callwire/contracts'
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
}

export async function readSettings(tx: Tx, tenantId: string): Promise<Settings> {
  const own = await tx.select(columns).from(tenants).where(eq(tenants.tenantId, tenantId))
  const { paused } = await readInstallDialing(tx)
  const { calls, callsPerPhone, callsPerAccount, ...rest } = first(own)
  return { ...rest, caps: { calls, callsPerPhone, callsPerAccount }, dialingPausedForAll: paused }
}

/** Changes what is named in `changes`, and nothing when that is nothing. */
export async function writeSettings(
  tx: Tx,
  tenantId: string,
  changes: PatchSettingsBody,
): Promise<void> {
  const { caps = {}, ...rest } = changes
  const set = {
    ...rest,
    ...('calls' in caps ? { capTenant: caps.calls } : {}),
    ...('callsPerPhone' in caps ? { capPhone: caps.callsPerPhone } : {}),
    ...('callsPerAccount' in caps ? { capAccount: caps.callsPerAccount } : {}),
  }
  if (Object.keys(set).length === 0) return
  await tx.update(tenants).set(set).where(eq(tenants.tenantId, tenantId))
}
