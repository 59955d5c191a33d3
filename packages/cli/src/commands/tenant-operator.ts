import { ID_RANDOM_BYTES, newId } from '@callwire/contracts'
import { auditLog, connectProvisioner } from '@callwire/db'
import { systemClock, systemRandom } from '@callwire/runtime'
import type { Command } from 'commander'
import { CliFailure } from '../failure.ts'
import type { Context } from './context.ts'

/** `tenant operator`: whose administrators may move the install's encryption keys. */
export function registerTenantOperator(tenant: Command, context: Context): void {
  tenant
    .command('operator [tenantId]')
    .description('show the tenant that operates this install, or make another one that')
    .action(async (wanted: string | undefined) => {
      const provisioner = connectProvisioner({ url: context.target.databaseUrl() })
      try {
        if (wanted !== undefined) {
          if (!(await provisioner.setOperator(wanted))) throw new CliFailure('No such tenant.')
          await provisioner.withTenant(wanted, async (tx) => {
            const nowMs = systemClock.now()
            await tx.insert(auditLog).values({
              tenantId: wanted,
              id: newId('audit', { nowMs, random: systemRandom(ID_RANDOM_BYTES) }),
              actorKind: 'operator',
              actorId: 'operator',
              action: 'tenant.made_operator',
              targetKind: 'tenant',
              targetId: wanted,
            })
          })
        }
        const tenantId = await provisioner.operator()
        const text = tenantId ?? 'no tenant operates this install yet'
        context.output().result({ tenantId }, text)
      } finally {
        await provisioner.close()
      }
    })
}
