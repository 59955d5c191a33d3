import { isIP } from 'node:net'
import { z } from 'zod'
import { logLevels } from './log-level.ts'
import { Secret } from './secret.ts'

const text = z.string()

function list(what: string, isItem: (item: string) => boolean) {
  return text
    .transform((value) =>
      value
        .split(',')
        .map((item) => item.trim().toLowerCase())
        .filter((item) => item !== ''),
    )
    .refine((items) => items.every(isItem), `must be a comma-separated list of ${what}`)
}

function whole(min: number, max: number) {
  return text
    .regex(/^\d{1,15}$/, `must be a whole number from ${min} to ${max}`)
    .transform(Number)
    .refine((n) => n >= min && n <= max, `must be a whole number from ${min} to ${max}`)
}

function isCidr(item: string): boolean {
  const [address = '', prefix, ...rest] = item.split('/')
  const version = isIP(address)
  if (version === 0 || rest.length > 0) return false
  if (prefix === undefined) return true
  return /^\d{1,3}$/.test(prefix) && Number(prefix) <= (version === 4 ? 32 : 128)
}

function isOrigin(item: string): boolean {
  return URL.canParse(item) && new URL(item).origin === item
}

function isHost(item: string): boolean {
  const match = /^([a-z0-9]([a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])(?::(\d{1,5}))?$/.exec(item)
  return match !== null && (match[3] === undefined || Number(match[3]) <= 65_535)
}

/** A day: longer waits than this in a setting are slips of the pen. */
const longestDurationMs = 86_400_000 * 31

/** Pieces for configuration schemas: each takes a variable's text and gives its meaning. */
export const variables = {
  /** 0 means "any free port". */
  port: text
    .regex(/^\d{1,5}$/, 'must be a port number from 0 to 65535')
    .transform(Number)
    .refine((n) => n <= 65_535, 'must be a port number from 0 to 65535'),
  url: text.refine((value) => URL.canParse(value), 'must be a URL'),
  booleanFlag: z.enum(['true', 'false'], 'must be true or false').transform((v) => v === 'true'),
  durationMs: whole(0, longestDurationMs),
  count: whole(0, 1_000_000_000),
  whole,
  logLevel: z.enum(logLevels, `must be one of ${logLevels.join(', ')}`),
  cidrList: list('addresses or CIDR ranges', isCidr),
  hostList: list('host names, each with an optional port', isHost),
  originList: list('origins like https://app.example', isOrigin),
  text: text.min(1, 'must not be empty'),
  secret: text.min(1, 'must not be empty').transform((value) => new Secret(value)),
}
