import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import {
  createTenant,
  ensureDefaultTenant,
  type NewTenant,
  type ProvisionDeps,
} from '@callwire/accounts'
import { connectProvisioner, type Provisioner } from '@callwire/db'
import { systemClock, systemRandom } from '@callwire/runtime'
import { z } from 'zod'

/** The first person of an empty install with a one-time password; null when there is a tenant already. */
export async function firstAdmin(
  migratorUrl: string,
): Promise<{ email: string; password: string } | null> {
  return provision(migratorUrl, async (deps) => ensureDefaultTenant(deps))
}

const keptTenant = z.object({
  tenantId: z.string(),
  userId: z.string(),
  email: z.string(),
  password: z.string(),
  apiKey: z.string(),
})

/** Where the demo keeps its tenant's login and API key, mode 0600. */
export function tenantFile(dataDir: string): string {
  return join(dataDir, 'demo-tenant.json')
}

/** The demo's tenant: the one of an earlier run while the database knows it, else a new one. */
export async function demoTenant(migratorUrl: string, dataDir: string): Promise<NewTenant> {
  return provision(migratorUrl, async (deps) => {
    const kept = readKept(dataDir)
    const known = kept === null ? null : await deps.provisioner.userByEmail(kept.email)
    if (kept !== null && known?.tenantId === kept.tenantId) return kept
    const free = (await deps.provisioner.userByEmail(usualEmail)) === null
    const email = free ? usualEmail : `demo-${deps.random(4).toString('hex')}@callwire.example`
    const made = await createTenant(deps, { name: 'Demo', email })
    const file = tenantFile(dataDir)
    writeFileSync(`${file}.new`, `${JSON.stringify(made, null, 2)}\n`, { mode: 0o600 })
    renameSync(`${file}.new`, file)
    return made
  })
}

const usualEmail = 'demo@callwire.example'

function readKept(dataDir: string): NewTenant | null {
  try {
    return keptTenant.parse(JSON.parse(readFileSync(tenantFile(dataDir), 'utf8')))
  } catch {
    return null
  }
}

async function provision<T>(
  migratorUrl: string,
  work: (deps: ProvisionDeps & { provisioner: Provisioner }) => Promise<T>,
): Promise<T> {
  const provisioner = connectProvisioner({ url: migratorUrl })
  try {
    return await work({ provisioner, clock: systemClock, random: systemRandom })
  } finally {
    await provisioner.close()
  }
}
