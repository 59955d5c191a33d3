import type { Settings } from '@callwire/contracts'
import { tenants, type Tx } from '@callwire/db'
import { eq } from 'drizzle-orm'
import { first } from '../../http/reply.ts'

const columns = { dialingPaused: tenants.dialingPaused }

export async function readSettings(tx: Tx, tenantId: string): Promise<Settings> {
  return first(await tx.select(columns).from(tenants).where(eq(tenants.tenantId, tenantId)))
}

export async function writeSettings(
  tx: Tx,
  tenantId: string,
  changes: Partial<Settings>,
): Promise<Settings> {
  return first(
    await tx.update(tenants).set(changes).where(eq(tenants.tenantId, tenantId)).returning(columns),
  )
}
