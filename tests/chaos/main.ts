// `npm run chaos -- <name> [--json]`: breaks things, counts, and exits with 1 when a promise broke.
import { availableParallelism, cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { watchParent } from '@callwire/stores'
import { chaoses } from './chaoses.ts'
import { parentDescriptor } from './config.ts'
import { keepsLimit, type Chaos, type Settings } from './lib/figure.ts'
import { table } from './lib/table.ts'

const USAGE_ERROR = 2

const stopping = new AbortController()
const stop = (): void => stopping.abort(new Error('stopped'))
process.once('SIGINT', stop).once('SIGTERM', stop)
watchParent(parentDescriptor, stop)
process.exitCode = await main(process.argv.slice(2))

async function main(args: string[]): Promise<number> {
  const asked = read(args)
  if (asked === null) {
    process.stderr.write(usage())
    return USAGE_ERROR
  }
  const { name, chaos, settings } = asked
  const on = {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    node: process.version,
  }
  const startedAt = performance.now()
  const seconds = (): number => Math.round((performance.now() - startedAt) / 1000)
  const { figures, problems } = await chaos.run({
    settings,
    instead: asked.instead,
    keep: asked.keep,
    signal: stopping.signal,
    onProgress: (line) =>
      void process.stderr.write(`${String(seconds()).padStart(4)} s  ${line}\n`),
  })
  const pass = figures.every(keepsLimit) && problems.length === 0
  if (asked.json) {
    const judged = figures.map((figure) => ({ ...figure, pass: keepsLimit(figure) }))
    const all = { chaos: name, settings, machine: on, figures: judged, problems, pass }
    process.stdout.write(`${JSON.stringify(all, null, 2)}\n`)
  } else {
    const where = `${on.cpu}, ${on.cores} cores, Node ${on.node}, ${seconds()} s in all`
    process.stdout.write(`${name}: ${chaos.about}\n${where}\n\n${table(figures)}\n`)
    for (const problem of problems) process.stdout.write(`! ${problem}\n`)
    process.stdout.write(pass ? '\nevery promise was kept\n' : '\nA PROMISE WAS BROKEN\n')
  }
  return pass ? 0 : 1
}

type Asked = {
  name: string
  chaos: Chaos
  settings: Settings
  json: boolean
  keep: boolean
  instead: string | null
}

function read(args: string[]): Asked | null {
  try {
    const { positionals: names } = parseArgs({ args, strict: false, allowPositionals: true })
    const [name = ''] = names
    const chaos = chaoses.get(name)
    if (chaos === undefined) return null
    const numbers = Object.keys(chaos.settings).map((key) => [key, { type: 'string' }] as const)
    const options = {
      json: { type: 'boolean' },
      keep: { type: 'boolean' },
      instead: { type: 'string' },
      ...Object.fromEntries(numbers),
    } as const
    const { values, positionals } = parseArgs({ args, options, allowPositionals: true })
    if (positionals.length > 1) return null
    const given = Object.entries(values).filter(([key]) => key in chaos.settings)
    const settings = { ...chaos.settings, ...Object.fromEntries(given.map(wholeNumber)) }
    const flag = (key: string): boolean => values[key as keyof typeof values] === true
    const { instead } = values as { instead?: string }
    return {
      name,
      chaos,
      settings,
      json: flag('json'),
      keep: flag('keep'),
      instead: instead ?? null,
    }
  } catch {
    return null
  }
}

function wholeNumber([key, value]: [string, unknown]): [string, number] {
  const number = Number(value)
  if (!Number.isInteger(number) || number < 0) throw new RangeError(key)
  return [key, number]
}

function usage(): string {
  const lines = [...chaoses].map(([name, { about, settings }]) => {
    const more = Object.entries(settings).map(([key, value]) => ` [--${key} ${value}]`)
    return `  ${name}  ${about}\n        [--json] [--keep] [--instead <program>]${more.join('')}`
  })
  return `Say npm run chaos -- <name> with one of\n${lines.join('\n')}\n`
}
