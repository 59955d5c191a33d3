// `npm run bench -- <name> [--json]`: measures, prints, and exits with 1 when a limit is missed.
import { parseArgs } from 'node:util'
import { benches } from './benches.ts'
import { keepsLimit } from './lib/bench.ts'
import { machine } from './lib/machine.ts'
import { table } from './lib/table.ts'

const USAGE_ERROR = 2

process.exitCode = await main(process.argv.slice(2))

async function main(args: string[]): Promise<number> {
  const asked = read(args)
  const bench = asked === null ? undefined : benches.get(asked.name)
  if (asked === null || bench === undefined) {
    process.stderr.write(usage())
    return USAGE_ERROR
  }
  const on = machine()
  const figures = await bench.run()
  const pass = figures.every(keepsLimit)
  if (asked.json) {
    const judged = figures.map((figure) => ({ ...figure, pass: keepsLimit(figure) }))
    const all = { bench: asked.name, machine: on, figures: judged, pass }
    process.stdout.write(`${JSON.stringify(all, null, 2)}\n`)
  } else {
    const where = `${on.cpu}, ${on.cores} cores, Node ${on.node}, OpenSSL ${on.openssl}`
    process.stdout.write(`${asked.name}: ${bench.about}\n${where}\n\n${table(figures)}\n`)
  }
  return pass ? 0 : 1
}

function read(args: string[]): { name: string; json: boolean } | null {
  try {
    const options = { json: { type: 'boolean', default: false } } as const
    const { values, positionals } = parseArgs({ args, options, allowPositionals: true })
    const [name, ...excess] = positionals
    return name === undefined || excess.length > 0 ? null : { name, json: values.json }
  } catch {
    return null
  }
}

function usage(): string {
  const width = Math.max(...[...benches.keys()].map(({ length }) => length))
  const lines = [...benches].map(([name, { about }]) => `  ${name.padEnd(width)}  ${about}`)
  return `Say npm run bench -- <name> [--json] with one of\n${lines.join('\n')}\n`
}
