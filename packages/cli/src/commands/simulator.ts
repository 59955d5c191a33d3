import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Command } from 'commander'
import { CliFailure } from '../failure.ts'
import { table } from '../output.ts'
import type { Context } from './context.ts'
import { askSimulator } from './simulator-control.ts'

const program = fileURLToPath(
  new URL('../../../../services/exotel-simulator/src/main.ts', import.meta.url),
)

type Url = { url?: string }

/** `simulator …`: Exotel for people without an account — start it, look at it, make it misbehave. */
export function registerSimulator(root: Command, context: Context): void {
  const simulator = root.command('simulator').description('the Exotel simulator (not Exotel)')
  const urlOf = (options: Url) => options.url ?? context.target.simulatorUrl()
  const withUrl = (command: Command) =>
    command.option('--url <url>', 'its address; otherwise the one that runs with the demo')

  simulator
    .command('start')
    .description('run a simulator here until Ctrl-C')
    .option('--port <port>', 'where it listens', '8099')
    .action((options: { port: string }) => start(context, options.port))

  withUrl(simulator.command('calls').description('what it placed, by its own log')).action(
    async (options: Url) => {
      const answer = await askSimulator(urlOf(options), 'GET', '/simulator/calls')
      context.output().result(answer, callTable(answer))
    },
  )

  withUrl(
    simulator
      .command('script <name>')
      .description('what the next calls will say; `scripts` lists them'),
  ).action(async (name: string, options: Url) => {
    const answer = await askSimulator(urlOf(options), 'POST', '/simulator/script', { script: name })
    context.output().result(answer, `the next calls follow the script ${name}`)
  })

  withUrl(simulator.command('scripts').description('the conversations it knows')).action(
    async (options: Url) => {
      const answer = await askSimulator(urlOf(options), 'GET', '/simulator/scripts')
      context.output().result(answer, pretty(answer))
    },
  )

  withUrl(
    simulator
      .command('fault <kind> [settings...]')
      .description(
        'make it misbehave, e.g. `fault cut times=3`, `fault frame_altered index=70`; its README lists the kinds',
      ),
  ).action(async (kind: string, settings: string[], options: Url) => {
    const answer = await askSimulator(urlOf(options), 'POST', '/simulator/faults', {
      kind,
      ...settingsOf(settings),
    })
    context.output().result(answer, `fault ${kind} is armed`)
  })

  withUrl(
    simulator
      .command('faults')
      .description('the faults that are armed')
      .option('--clear', 'disarm them all'),
  ).action(async (options: Url & { clear?: boolean }) => {
    const method = options.clear === true ? 'DELETE' : 'GET'
    const answer = await askSimulator(urlOf(options), method, '/simulator/faults')
    context.output().result(answer, options.clear === true ? 'no fault is armed' : pretty(answer))
  })
}

/** `index=70` → `{index: 70}`; `true`, `false` and whole numbers are what they look like. A pure function. */
export function settingsOf(settings: readonly string[]): Record<string, string | number | boolean> {
  return Object.fromEntries(
    settings.map((setting) => {
      const at = setting.indexOf('=')
      if (at < 1) throw new CliFailure(`A setting is written name=value; got ${setting}.`)
      const value = setting.slice(at + 1)
      return [setting.slice(0, at), valueOf(value)]
    }),
  )
}

function valueOf(text: string): string | number | boolean {
  if (text === 'true' || text === 'false') return text === 'true'
  return /^\d{1,9}$/.test(text) ? Number(text) : text
}

function pretty(answer: unknown): string {
  return JSON.stringify(answer, null, 2)
}

function callTable(answer: unknown): string {
  const calls =
    typeof answer === 'object' && answer !== null && 'calls' in answer ? answer.calls : answer
  if (!Array.isArray(calls)) return pretty(answer)
  // `from` is whoever is rung first, as in Exotel's own words.
  const names = ['callSid', 'status', 'from', 'to', 'script'] as const
  const rows = (calls as Record<string, unknown>[]).map((call) =>
    names.map((name) => {
      const cell = call[name]
      return typeof cell === 'string' || typeof cell === 'number' ? String(cell) : ''
    }),
  )
  return table([names, ...rows])
}

async function start(context: Context, port: string): Promise<void> {
  const child = spawn(process.execPath, [program], {
    env: { ...context.env, SIMULATOR_PORT: port },
    stdio: 'inherit',
  })
  const stop = () => child.kill('SIGTERM')
  context.signal.addEventListener('abort', stop, { once: true })
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('exit', resolve)
    child.once('error', reject)
  })
  if (code !== 0 && !context.signal.aborted)
    throw new CliFailure('The simulator did not run; its message stands above.')
}
