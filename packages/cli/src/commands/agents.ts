import { createClient } from '@callwire/sdk'
import { Option, type Command } from 'commander'
import { CliFailure } from '../failure.ts'
import { table } from '../output.ts'
import type { Context } from './context.ts'

type CreateOptions = {
  name: string
  kind: 'human' | 'flow' | 'stream'
  number?: string
  appId?: string
  streamUrl?: string
}

/** `agents create`, `agents list`. */
export function registerAgents(program: Command, context: Context): void {
  const client = () =>
    createClient({ baseUrl: context.target.gatewayUrl(), token: context.target.apiKey() })
  const agents = program.command('agents').description('who answers for a phone')

  agents
    .command('create')
    .description('make an agent: a person, a flow of Exotel’s, or a media stream')
    .requiredOption('--name <name>')
    .addOption(
      new Option('--kind <kind>').choices(['human', 'flow', 'stream']).makeOptionMandatory(),
    )
    .option('--number <number>', 'a person’s number (kind human)')
    .option('--app-id <id>', 'an Exotel app (kind flow)')
    .option(
      '--stream-url <url>',
      'somebody else’s socket; left out, the audio comes here (kind stream)',
    )
    .action(async (options: CreateOptions) => {
      const { agent } = await client().agents.create(bodyOf(options))
      context.output().result({ agent }, `agent ${agent.id} (${agent.kind})`)
    })

  agents
    .command('list')
    .description('the tenant’s agents')
    .action(async () => {
      const page = await client().agents.list({ limit: 100 })
      const rows = page.agents.map((agent) => [agent.id, agent.kind, agent.name])
      context.output().result(page, table([['id', 'kind', 'name'], ...rows]))
    })
}

function bodyOf(options: CreateOptions) {
  const { name, kind } = options
  if (kind === 'human') {
    if (options.number === undefined) throw new CliFailure('An agent of kind human needs --number.')
    return { name, kind, number: options.number }
  }
  if (kind === 'flow') {
    if (options.appId === undefined) throw new CliFailure('An agent of kind flow needs --app-id.')
    return { name, kind, appId: options.appId }
  }
  return {
    name,
    kind,
    ...(options.streamUrl === undefined ? {} : { streamUrl: options.streamUrl }),
  }
}
