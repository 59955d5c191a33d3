// `npm run bench -- <name> [--json]`: measures, prints, and exits with 1 when a limit is missed.
import { parseArgs } from 'node:util'
import { benches } from './benches.ts'
import { keepsLimit, type Bench, type Settings } from './lib/bench.ts'
import { machine } from './lib/machine.ts'
import { table } from './lib/table.ts'

const USAGE_ERROR = 2

process.exitCode = await main(process.argv.slice(2))

async function main(args: string[]): Promise<number> {
  const asked = read(args)
  if (asked === null) {
    process.stderr.write(usage())
    return USAGE_ERROR
  }
  const { name, bench, settings } = asked
  const on = machine()
  const figures = await bench.run(settings)
  const pass = figures.every(keepsLimit)
  if (asked.json) {
    const judged = figures.map((figure) => ({ ...figure, pass: keepsLimit(figure) }))
    const all = { bench: name, settings, machine: on, figures: judged, pass }
    process.stdout.write(`${JSON.stringify(all, null, 2)}\n`)
  } else {
    const where = `${on.cpu}, ${on.cores} cores, Node ${on.node}, OpenSSL ${on.openssl}`
    process.stdout.write(`${name}: ${bench.about}\n${where}\n\n${table(figures)}\n`)
  }
  return pass ? 0 : 1
}

type Asked = { name: string; bench: Bench; settings: Settings; json: boolean }

function read(args: string[]): Asked | null {
  try {
    const { positionals: names } = parseArgs({ args, strict: false, allowPositionals: true })
    const [name = ''] = names
    const bench = benches.get(name)
    if (bench === undefined) return null
    const defaults = bench.settings ?? {}
    const numbers = Object.keys(defaults).map((key) => [key, { type: 'string' }] as const)
    const options = { json: { type: 'boolean' }, ...Object.fromEntries(numbers) } as const
    const { values, positionals } = parseArgs({ args, options, allowPositionals: true })
    if (positionals.length > 1) return null
    const given = Object.entries(values).filter(([key]) => key in defaults)
    const settings = { ...defaults, ...Object.fromEntries(given.map(wholeNumber)) }
    return { name, bench, settings, json: values['json'] === true }
  } catch {
    return null
  }
}

function wholeNumber([key, value]: [string, unknown]): [string, number] {
  const number = Number(value)
  if (!Number.isInteger(number) || number < 1) throw new RangeError(key)
  return [key, number]
}

function usage(): string {
  const width = Math.max(...[...benches.keys()].map(({ length }) => length))
  const lines = [...benches].map(([name, { about, settings = {} }]) => {
    const more = Object.entries(settings).map(([key, value]) => ` [--${key} ${value}]`)
    return `  ${name.padEnd(width)}  ${about}${more.join('')}`
  })
  return `Say npm run bench -- <name> [--json] with one of\n${lines.join('\n')}\n`
}
