import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { AppError } from './app-error.ts'
import { logLevels, type LogLevel } from './log-level.ts'

/** The configuration cannot be used. `message` names variables and never quotes a value. */
export class ConfigError extends AppError {
  readonly variables: readonly string[]

  constructor(problems: readonly { name: string; sentence: string }[]) {
    super({
      code: 'config_invalid',
      message: problems.map((p) => p.sentence).join(' '),
      level: 'fatal',
    })
    this.variables = problems.map((p) => p.name)
  }
}

/**
 * Parses the environment with a schema whose keys are variable names. An empty value counts as
 * not set. Each `NAME` may come as `NAME_FILE`, the path of a file whose text (without the last
 * line break) is the value.
 *
 * @throws ConfigError naming every variable that is missing, malformed or unreadable
 */
export function readConfig<S extends z.ZodType>(schema: S, env: NodeJS.ProcessEnv): z.output<S> {
  const problems: { name: string; sentence: string }[] = []
  const input: Record<string, string> = {}
  const names = variableNames(schema)
  for (const name of names) {
    const value = valueOf(name, env, names)
    if ('sentence' in value) problems.push(value)
    else if (value.text !== undefined) input[name] = value.text
  }
  const broken = new Set(problems.map((p) => p.name))
  const result = parse(schema, input)
  if (result.success && problems.length === 0) return result.data
  for (const issue of result.error?.issues ?? []) {
    const name = String(issue.path[0] ?? '')
    if (broken.has(name)) continue
    broken.add(name)
    problems.push({ name, sentence: sentenceFor(name, issue, input[name] !== undefined) })
  }
  throw new ConfigError(problems)
}

/** Variables with our prefix that nothing reads: most likely a misspelt name. */
export function unknownVariables(env: NodeJS.ProcessEnv, known: readonly string[]): string[] {
  const names = new Set(known.flatMap((name) => [name, `${name}_FILE`]))
  return Object.keys(env)
    .filter((name) => name.startsWith('CALLWIRE_') && !names.has(name))
    .sort()
}

/** The file that a variable's value came from, for who follows its changes; null for one given directly. */
export function variableFile(name: string, env: NodeJS.ProcessEnv): string | null {
  const path = env[`${name}_FILE`]
  return path === undefined || path === '' ? null : path
}

/** What the life cycle needs before a service has read its own configuration. */
export function processSettings(): {
  logLevel: LogLevel
  supervised: boolean
  /** Where the supervisor listens; null for one that does not. */
  supervisorDescriptor: number | null
} {
  const level = process.env['LOG_LEVEL']
  const descriptor = process.env['CALLWIRE_SUPERVISOR_FD'] ?? ''
  return {
    logLevel: logLevels.find((known) => known === level) ?? 'info',
    supervised: process.env['CALLWIRE_SUPERVISED'] === '1',
    supervisorDescriptor: /^\d{1,3}$/.test(descriptor) ? Number(descriptor) : null,
  }
}

function variableNames(schema: z.ZodType): string[] {
  if (schema instanceof z.ZodObject) return Object.keys(schema.shape)
  if (schema instanceof z.ZodPipe) return variableNames(schema.in as z.ZodType)
  throw new ConfigError([{ name: '', sentence: 'The configuration schema must be an object.' }])
}

type Value = { text: string | undefined } | { name: string; sentence: string }

function valueOf(name: string, env: NodeJS.ProcessEnv, names: readonly string[]): Value {
  const direct = env[name] === '' ? undefined : env[name]
  const fileName = `${name}_FILE`
  const path = names.includes(fileName) ? undefined : env[fileName]
  if (path === undefined || path === '') return { text: direct }
  if (direct !== undefined) {
    return { name, sentence: `${name} and ${fileName} are both set; keep one.` }
  }
  try {
    return { text: readFileSync(path, 'utf8').replace(/\r?\n$/, '') }
  } catch {
    return { name, sentence: `${fileName} names a file that cannot be read.` }
  }
}

function parse<S extends z.ZodType>(
  schema: S,
  input: Record<string, string>,
): z.ZodSafeParseResult<z.output<S>> {
  try {
    return schema.safeParse(input)
  } catch {
    // A transform threw: its error may quote the value, so only its existence is told.
    throw new ConfigError([{ name: '', sentence: 'The configuration cannot be parsed.' }])
  }
}

function sentenceFor(name: string, issue: z.core.$ZodIssue, given: boolean): string {
  if (name === '') return `${issue.message}.`.replace(/\.\.$/, '.')
  if (!given && issue.code === 'invalid_type') return `${name} is not set.`
  // Messages of our own pieces continue the sentence; the library's stand alone.
  if (/^(must|is|needs|may|cannot|names|has) /.test(issue.message)) {
    return `${name} ${issue.message.replace(/\.$/, '')}.`
  }
  return `${name} is malformed (${issue.message}).`
}
