import type { PhoneCheck } from '@callwire/contracts'
import { createClient } from '@callwire/sdk'
import { InvalidArgumentError, type Command } from 'commander'
import { CliFailure } from '../failure.ts'
import { table } from '../output.ts'
import type { Context } from './context.ts'

type ImportOptions = {
  number: string
  country: string
  sid?: string
  subdomain?: string
  agent?: string
  tag: string[]
}

/** `phones import`, `phones check`, `phones list`, `phones set`, `phones reset-breaker`. Key and token come from the environment: an argument would stand in the shell's history. */
export function registerPhones(program: Command, context: Context): void {
  const client = () =>
    createClient({ baseUrl: context.target.gatewayUrl(), token: context.target.apiKey() })
  const phones = program.command('phones').description('ExoPhones and their credentials')

  phones
    .command('import')
    .description(
      'import a number; its Exotel credentials are read from EXOTEL_API_KEY and EXOTEL_API_TOKEN and can’t be read back',
    )
    .requiredOption('--number <number>', 'the ExoPhone')
    .option('--country <code>', 'whose numbering plan a local number belongs to', 'IN')
    .option('--sid <sid>', 'Exotel account sid')
    .option('--subdomain <host>', 'API host of the account’s cluster, e.g. api.in.exotel.com')
    .option('--agent <id>', 'agent that answers for it')
    .option(
      '--tag <tag>',
      'may be given more than once',
      (tag: string, all: string[]) => [...all, tag],
      [],
    )
    .action(async (options: ImportOptions) => {
      const { phone } = await client().phones.import({
        number: options.number,
        country: options.country,
        ...(options.tag.length > 0 ? { tags: options.tag } : {}),
        ...(options.agent === undefined ? {} : { agentId: options.agent }),
        ...exotelConfig(options, context.env),
      })
      context.output().result({ phone }, `phone  ${phone.id}\nnumber ${phone.number}`)
    })

  phones
    .command('check <id>')
    .description('ask Exotel whether the phone’s credentials work')
    .action(async (id: string) => {
      const { check } = await client().phones.check(id)
      context.output().result({ check }, checkText(check))
    })

  phones
    .command('set <id>')
    .description('change what a phone does')
    .requiredOption(
      '--keep-recording <on|off>',
      'keep a sealed copy of the audio of calls that begin from now on',
      onOrOff,
    )
    .action(async (id: string, { keepRecording }: { keepRecording: boolean }) => {
      const { phone } = await client().phones.update(id, { keepRecording })
      const does = phone.keepRecording ? 'keeps' : 'does not keep'
      context.output().result({ phone }, `${phone.number} ${does} the audio of its calls`)
    })

  phones
    .command('reset-breaker <id>')
    .description('dial from it again after Exotel refused its credentials')
    .action(async (id: string) => {
      const { phone } = await client().phones.resetBreaker(id)
      context.output().result({ phone }, `the breaker of ${phone.number} is closed`)
    })

  phones
    .command('list')
    .description('the tenant’s numbers')
    .action(async () => {
      const page = await client().phones.list({ limit: 100 })
      const rows = page.phones.map((phone) => [
        phone.id,
        phone.number,
        phone.agentId ?? 'no agent',
        phone.exotelData?.sid ?? 'no credentials',
        phone.breaker.open ? 'open' : 'closed',
      ])
      const head = ['id', 'number', 'agent', 'account', 'breaker']
      context.output().result(page, table([head, ...rows]))
    })
}

/** @throws InvalidArgumentError, which is wrong usage */
function onOrOff(text: string): boolean {
  if (text !== 'on' && text !== 'off') throw new InvalidArgumentError('It must be on or off.')
  return text === 'on'
}

function checkText({ checkedAt, activeStreams }: PhoneCheck): string {
  const taken = `Exotel takes them (asked at ${checkedAt})`
  if (activeStreams === null || activeStreams === undefined) return taken
  const { active, limit } = activeStreams
  return `${taken}\nmedia streams open on the account: ${active}${limit === null ? '' : ` of ${limit}`}`
}

function exotelConfig(options: ImportOptions, env: Context['env']) {
  const { sid, subdomain } = options
  if (sid === undefined && subdomain === undefined) return {}
  const apiKey = env['EXOTEL_API_KEY']
  const apiToken = env['EXOTEL_API_TOKEN']
  const missing = Object.entries({
    '--sid': sid,
    '--subdomain': subdomain,
    EXOTEL_API_KEY: apiKey,
    EXOTEL_API_TOKEN: apiToken,
  })
    .filter(([, value]) => value === undefined || value === '')
    .map(([name]) => name)
  if (missing.length > 0 || !sid || !subdomain || !apiKey || !apiToken) {
    throw new CliFailure(`Credentials come all four together; missing: ${missing.join(', ')}.`)
  }
  return { exotelConfig: { apiKey, apiToken, sid, subdomain } }
}
