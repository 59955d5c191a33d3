import { createTenant, AccountsError } from '@callwire/accounts'
import { connectProvisioner } from '@callwire/db'
import { systemClock, systemRandom } from '@callwire/runtime'
import type { Command } from 'commander'
import { CliFailure } from '../failure.ts'
import type { Context } from './context.ts'
import { registerTenantOperator } from './tenant-operator.ts'

/** `tenant create` and `tenant operator`: the way a fresh system gets a tenant, and whose it is. It speaks to the database, not to the gateway. */
export function registerTenants(program: Command, context: Context): void {
  const tenant = program.command('tenant').description('tenants of this install')
  registerTenantOperator(tenant, context)
  tenant
    .command('create')
    .description('make a tenant with an owner and an API key; both secrets are shown once')
    .requiredOption('--name <name>', 'what the tenant is called')
    .requiredOption('--email <email>', 'the owner’s e-mail, unique across the install')
    .action(async (options: { name: string; email: string }) => {
      const provisioner = connectProvisioner({ url: context.target.databaseUrl() })
      try {
        const made = await createTenant(
          { provisioner, clock: systemClock, random: systemRandom },
          options,
        )
        context
          .output()
          .result(
            made,
            [
              `tenant    ${made.tenantId}`,
              `owner     ${made.email}`,
              `password  ${made.password}`,
              `API key   ${made.apiKey}`,
              '',
              'Neither secret is shown again. For the commands below:',
              `  export CALLWIRE_API_KEY=${made.apiKey}`,
            ].join('\n'),
          )
      } catch (error) {
        if (error instanceof AccountsError) throw new CliFailure(error.message)
        throw error
      } finally {
        await provisioner.close()
      }
    })
}
