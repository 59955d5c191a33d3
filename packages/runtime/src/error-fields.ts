import { AppError } from './app-error.ts'

export type ErrorFields = {
  code: string
  errorName: string
  /** File and line of the innermost frame that is ours, for faults nobody planned. */
  at?: string
}

const libraryCode = /^[A-Za-z0-9_]{2,40}$/
const plainName = /^[A-Za-z]{1,60}$/
const frame = /([\w-]+(?:\.[\w-]+)*\.(?:ts|mts|js|mjs|cjs)):(\d{1,6}):(\d{1,6})\)?$/

/**
 * What a log line may say about any thrown value: a code, a class name and a place. Never the
 * message or the stack text, which in foreign errors quote URLs, headers and parameters.
 */
export function errorFields(error: unknown): ErrorFields {
  if (error instanceof AppError) return { code: error.code, errorName: error.name }
  if (!(error instanceof Error)) return { code: 'internal', errorName: typeof error }
  const code: unknown = 'code' in error ? error.code : undefined
  const fields: ErrorFields = {
    code: typeof code === 'string' && libraryCode.test(code) ? code : 'internal',
    errorName: plainName.test(error.name) ? error.name : 'Error',
  }
  const at = placeOf(error)
  return at === undefined ? fields : { ...fields, at }
}

function placeOf(error: Error): string | undefined {
  const stack = typeof error.stack === 'string' ? error.stack : ''
  // The message comes first in the text and may hold anything, lines like a frame's included.
  const message = stack.indexOf(error.message)
  const frames = stack
    .slice(message < 0 ? 0 : message + error.message.length)
    .split('\n')
    .filter((line) => /^\s+at /.test(line))
  const ours = frames.find((line) => !line.includes('node_modules') && !line.includes('node:'))
  const match = frame.exec(ours ?? '')
  return match === null ? undefined : `${match[1] ?? ''}:${match[2] ?? ''}`
}
