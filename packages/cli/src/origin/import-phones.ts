import { maskPhoneNumber } from '@callwire/masking'
import { bodyOf, nameOf, type Refusal } from './convert-phone.ts'
import { readOldPhone, type OldPhone } from './old-phone.ts'
import type { OriginCipher } from './origin-cipher.ts'
import type { PhoneGateway } from './phone-gateway.ts'
import type { Line } from './read-lines.ts'

/**
 * What came of one line. `imported`: a new phone. `completed`: it was there without credentials and now has them.
 * `existing`: it was there, and nothing was sent. `ready`: it would be sent (a dry run). `skipped`: not asked for.
 */
export type Outcome = 'imported' | 'completed' | 'existing' | 'ready' | 'skipped' | 'failed'

export type LineReport = {
  line: number
  /** Masked; empty where the line has none that can be read. */
  number: string
  outcome: Outcome
  /** Why it failed or was skipped; of a phone that was taken, what to look after. */
  code?: string
  /** Places in the request that were refused. */
  fields?: string[]
  /** It had an agent, which is not imported. */
  hadAgent?: true
}

export type ImportDeps = {
  cipher: OriginCipher
  /** Null: a dry run. */
  gateway: PhoneGateway | null
  country: string
  /** Only this user's phones of the old system. */
  userId: string | null
  onLine: (report: LineReport, line: Line) => void
}

/**
 * Imports phones line by line. What the new system has already is left as it is, so that a second run neither
 * doubles a phone nor puts old credentials over newer ones.
 */
export async function importPhones(lines: AsyncIterable<Line>, d: ImportDeps): Promise<void> {
  const known = (await d.gateway?.numbers()) ?? new Map<string, boolean>()
  for await (const line of lines) {
    const old = line.text === null ? null : readOldPhone(line.text)
    const report =
      old === null
        ? { number: '', outcome: 'failed' as const, code: problemOf(line) }
        : await importPhone(old, known, d)
    d.onLine({ line: line.number, ...report }, line)
  }
}

/** An export as one array stands on one line, whatever its size. */
function problemOf({ number, text, problem }: Line): string {
  if (problem !== undefined) return problem
  return number === 1 && text?.startsWith('[') === true ? 'array_instead_of_lines' : 'not_a_phone'
}

type Report = Omit<LineReport, 'line'>

async function importPhone(
  old: OldPhone,
  known: Map<string, boolean>,
  d: ImportDeps,
): Promise<Report> {
  const named = nameOf(old, d.country)
  const number = 'code' in named ? '' : maskPhoneNumber(named.number)
  const agent = old.hasAgent ? { hadAgent: true as const } : {}
  const failed = (refusal: Refusal): Report => ({ number, outcome: 'failed', ...refusal })
  if (d.userId !== null && old.userId !== d.userId) {
    return { number, outcome: 'skipped', code: 'another_user' }
  }
  if ('code' in named) return failed(named)

  const { credentials } = old
  const has = known.get(named.number)
  if (has === true || (has === false && credentials.kind !== 'whole')) {
    return { number, outcome: 'existing' }
  }
  const made = bodyOf(old, named, d.cipher)
  if ('code' in made) return failed(made)
  const sent = d.gateway === null ? 'ready' : await d.gateway.send(made.body)
  if (typeof sent === 'object') return failed(sent)
  known.set(named.number, credentials.kind === 'whole')
  if (sent === 'existing') return { number, outcome: 'existing' }
  const outcome = sent === 'imported' && has === false ? 'completed' : sent
  const code = noteOn(old)
  return { number, outcome, ...agent, ...(code === null ? {} : { code }) }
}

/** What a person should know of a phone that was taken. */
function noteOn({ credentials, status }: OldPhone): string | null {
  if (credentials.kind === 'none') return 'without_credentials'
  if (credentials.kind === 'incomplete') return 'incomplete_credentials'
  return (status ?? 'active') === 'active' ? null : 'was_not_active'
}
