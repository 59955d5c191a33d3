import { createHash, timingSafeEqual } from 'node:crypto'
import { z } from 'zod'
import { toE164 } from '../wire/phone-number.ts'

const phone = z.string().transform((text, context) => {
  const e164 = toE164(text)
  if (e164 === null) context.addIssue({ code: 'custom', message: 'not a phone number' })
  return e164 ?? ''
})

/** What registers an account; `phones` left out means any number is the account's own. */
export const AccountSchema = z.strictObject({
  sid: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/),
  apiKey: z.string().min(1).max(256),
  apiToken: z.string().min(1).max(256),
  phones: z.array(phone).max(1000).optional(),
  requestsPerMinute: z.int().min(1).max(1_000_000).default(200),
  /** Sent as Retry-After with a 429; left out, there is no such header. */
  retryAfterSeconds: z.int().min(0).max(3600).optional(),
  activeStreamLimit: z.int().min(0).max(100_000).default(100),
})
export type AccountInput = z.output<typeof AccountSchema>

/** An account as it is kept: of key and token only hashes. */
export type Account = {
  sid: string
  keyHash: string
  tokenHash: string
  phones: readonly string[] | null
  requestsPerMinute: number
  retryAfterSeconds: number | null
  activeStreamLimit: number
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')
const same = (a: string, b: string): boolean => timingSafeEqual(Buffer.from(a), Buffer.from(b))

export function toAccount(input: AccountInput): Account {
  return {
    sid: input.sid,
    keyHash: sha256(input.apiKey),
    tokenHash: sha256(input.apiToken),
    phones: input.phones ?? null,
    requestsPerMinute: input.requestsPerMinute,
    retryAfterSeconds: input.retryAfterSeconds ?? null,
    activeStreamLimit: input.activeStreamLimit,
  }
}

/** The account if key and token are its own, null otherwise (also for an account that does not exist). */
export function checkCredentials(
  account: Account | undefined,
  basic: { user: string; password: string } | null,
): Account | null {
  if (!account || !basic) return null
  const key = same(account.keyHash, sha256(basic.user))
  const token = same(account.tokenHash, sha256(basic.password))
  return key && token ? account : null
}

/** What people see of an account. */
export const describeAccount = (account: Account) => ({
  sid: account.sid,
  phones: account.phones,
  requestsPerMinute: account.requestsPerMinute,
  activeStreamLimit: account.activeStreamLimit,
})
