import { createReadStream, readFileSync, statSync } from 'node:fs'
import { countrySchema } from '@callwire/contracts'
import { Secret, systemClock } from '@callwire/runtime'
import { createClient } from '@callwire/sdk'
import type { Command } from 'commander'
import { CliFailure } from '../failure.ts'
import { importPhones } from '../origin/import-phones.ts'
import { originCipher } from '../origin/origin-cipher.ts'
import { phoneGateway } from '../origin/phone-gateway.ts'
import { readLines } from '../origin/read-lines.ts'
import { createReport } from '../origin/report.ts'
import type { Environment } from '../target.ts'
import type { Context } from './context.ts'

type Options = { dryRun?: boolean; country: string; user?: string }

/** A phone is a few hundred bytes; MongoDB's own limit of a document is no reason to hold one. */
const LINE_BYTES = 64 * 1024
const FILE_BYTES = 1024 ** 3

/** `import-origin`: the one way in for phones of the old system. */
export function registerImportOrigin(program: Command, context: Context): void {
  program
    .command('import-origin')
    .description(
      'import phones of the old system from an export of its phones collection (JSON lines); its JWT_SECRET opens the credentials, which the gateway seals anew',
    )
    .argument('<file>', 'what `mongoexport --collection phones` wrote')
    .option('--dry-run', 'open and check everything, send nothing')
    .option('--country <code>', 'whose numbering plan a number without a country belongs to', 'IN')
    .option('--user <id>', 'import only the phones of this user of the old system')
    .action(async (file: string, options: Options) => {
      if (!countrySchema.safeParse(options.country).success)
        throw new CliFailure('--country is not a country code like IN.')
      const fileBytes = sizeOf(file)
      const secret = oldJwtSecret(context.env)
      const { signal } = context
      const dryRun = options.dryRun === true
      const gateway = dryRun
        ? null
        : phoneGateway(clientOf(context), { clock: systemClock, signal })
      const cipher = await originCipher(secret)
      const { stream, json } = context.output()
      const report = createReport({ stream, json, dryRun, fileBytes })
      let opened = 0
      let unreadable = 0
      try {
        await importPhones(readLines(createReadStream(file, { signal }), LINE_BYTES), {
          ...{ cipher, gateway, country: options.country, userId: options.user ?? null },
          onLine(line, { bytesRead }) {
            if (line.code === 'credentials_unreadable') unreadable += 1
            else if (line.outcome !== 'failed') opened += 1
            report.line(line, bytesRead)
          },
        })
      } catch (error) {
        report.end()
        if (signal.aborted) throw new CliFailure('Stopped; a second run goes on from here.')
        throw error
      }
      const { failed, lines } = report.end()
      if (unreadable > 0 && opened === 0) {
        throw new CliFailure('No credentials could be opened: is JWT_SECRET the old system’s?')
      }
      if (failed > 0) throw new CliFailure(`${failed} of ${lines} lines failed.`)
    })
}

function clientOf({ target }: Context) {
  return createClient({ baseUrl: target.gatewayUrl(), token: target.apiKey() })
}

function sizeOf(file: string): number {
  const stat = statSync(file, { throwIfNoEntry: false })
  if (stat?.isFile() !== true) throw new CliFailure('There is no such file.')
  if (stat.size > FILE_BYTES)
    throw new CliFailure('The file is larger than 1 GiB: split it, by lines.')
  return stat.size
}

/** The OLD system's, which this process alone is given; the running system has its own. */
function oldJwtSecret(env: Environment): Secret {
  const direct = env['JWT_SECRET'] ?? ''
  const path = env['JWT_SECRET_FILE'] ?? ''
  if (direct !== '' && path !== '')
    throw new CliFailure('JWT_SECRET and JWT_SECRET_FILE are both set; keep one.')
  if (direct !== '') return new Secret(direct)
  if (path === '') {
    throw new CliFailure(
      'Set JWT_SECRET, or JWT_SECRET_FILE, to the JWT_SECRET of the old system: it opens the credentials.',
    )
  }
  try {
    const text = readFileSync(path, 'utf8').replace(/\r?\n$/, '')
    if (text !== '') return new Secret(text)
  } catch {
    // Which of the two it was is told below.
  }
  throw new CliFailure('JWT_SECRET_FILE names a file that can’t be read, or an empty one.')
}
