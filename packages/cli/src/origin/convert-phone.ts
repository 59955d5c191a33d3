import { importPhoneBody, normalizePhoneNumber } from '@callwire/contracts'
import type { z } from 'zod'
import type { OldPhone } from './old-phone.ts'
import type { OriginCipher } from './origin-cipher.ts'

export type PhoneBody = z.infer<typeof importPhoneBody>

/** Why a phone can't be imported: a word for programs, and where in the request it lies. */
export type Refusal = { code: string; fields?: string[] }

/** Who a phone is, before anything of it is opened. */
export type Named = { number: string; country: string }

/**
 * Which number a phone of the old system has, in E.164, or why it is none of ours to take.
 *
 * @param country - for a phone that names none
 */
export function nameOf(old: OldPhone, country: string): Named | Refusal {
  if ((old.provider ?? 'exotel').toLowerCase() !== 'exotel') return { code: 'other_provider' }
  const own = (old.country ?? country).toUpperCase()
  const number = normalizePhoneNumber(old.number, own)
  return number === null ? { code: 'invalid_number' } : { number, country: own }
}

/** The request that imports a phone, its credentials opened; they leave this process to the gateway alone. */
export function bodyOf(
  old: OldPhone,
  named: Named,
  cipher: OriginCipher,
): { body: PhoneBody } | Refusal {
  const { credentials } = old
  const input: z.input<typeof importPhoneBody> = { ...named, tags: old.tags }
  if (credentials.kind === 'whole') {
    const { sid, subdomain } = credentials
    try {
      const apiKey = cipher.open(credentials.apiKey)
      const apiToken = cipher.open(credentials.apiToken)
      input.exotelConfig = { apiKey, apiToken, sid, subdomain }
    } catch {
      return { code: 'credentials_unreadable' }
    }
  }
  const parsed = importPhoneBody.safeParse(input)
  if (parsed.success) return { body: parsed.data }
  const fields = parsed.error.issues.map(({ path }) => path.map(String).join('.'))
  return { code: 'validation_failed', fields: [...new Set(fields)] }
}
