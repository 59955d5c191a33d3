import { connectProvisioner, type Provisioner } from '@callwire/db'
import { createKeyAudit, createKeyLife, type KeyActor, type KeyLife } from '@callwire/keyring'
import { createLogger, systemClock, systemRandom } from '@callwire/runtime'
import type { Context } from '../commands/context.ts'

/** Whoever may read the database's address needs no name. */
export const operator: KeyActor = { kind: 'operator', id: 'operator' }

/** Opens the install's keys by its database, for as long as `work` takes. */
export async function withKeyLife<T>(
  context: Context,
  work: (life: KeyLife, provisioner: Provisioner) => Promise<T>,
): Promise<T> {
  const provisioner = connectProvisioner({ url: context.target.databaseUrl() })
  const { withTenant, keys } = provisioner
  const parts = { clock: systemClock, random: systemRandom }
  // A person is told in sentences; the audit keeps the steps.
  const log = createLogger({ service: 'cli', level: 'fatal' })
  const operatorTenant = () => provisioner.operator()
  try {
    const audit = createKeyAudit({ withTenant, operatorTenant, log, ...parts })
    return await work(createKeyLife({ keys, audit, ...parts }), provisioner)
  } finally {
    await provisioner.close()
  }
}
