import { readFileSync } from 'node:fs'
import { CliFailure } from './failure.ts'
import type { Environment } from './target.ts'

/** The text of `NAME`, or of the file that `NAME_FILE` names; undefined when neither is set. */
export function secretVariable(env: Environment, name: string): string | undefined {
  const direct = env[name] ?? ''
  const path = env[`${name}_FILE`] ?? ''
  if (direct !== '' && path !== '') {
    throw new CliFailure(`${name} and ${name}_FILE are both set; keep one.`)
  }
  if (direct !== '') return direct
  return path === '' ? undefined : secretFile(path, `${name}_FILE names`)
}

/** @param said - how the sentence begins that says what is wrong with the file */
export function secretFile(path: string, said: string): string {
  try {
    const text = readFileSync(path, 'utf8').trim()
    if (text !== '') return text
  } catch {
    // Which of the two it was is told below.
  }
  throw new CliFailure(`${said} a file that can’t be read, or an empty one.`)
}
