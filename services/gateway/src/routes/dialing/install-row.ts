import type { InstallDialing } from '@callwire/contracts'
import { install, type Tx } from '@callwire/db'

/** The install's switch. Without a row nobody ever touched it. */
export async function readInstallDialing(tx: Tx): Promise<InstallDialing> {
  const [row] = await tx.select().from(install)
  return viewInstallDialing(row)
}

export function viewInstallDialing(row: typeof install.$inferSelect | undefined): InstallDialing {
  return {
    paused: row?.dialingPaused ?? false,
    reason: row?.pausedReason ?? null,
    changedAt: row?.changedAt.toISOString() ?? null,
  }
}
