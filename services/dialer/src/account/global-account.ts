import { exotelSidSchema } from '@callwire/contracts'
import type { ExotelAccount } from '@callwire/exotel'
import { ConfigError, type Secret } from '@callwire/runtime'

/** What the environment says of the account for phones that have none of their own. */
export type GlobalAccountVariables = {
  EXOTEL_GLOBAL_FALLBACK: boolean
  EXOTEL_API_KEY?: Secret | undefined
  EXOTEL_API_TOKEN?: Secret | undefined
  EXOTEL_SID?: string | undefined
  EXOTEL_SUBDOMAIN?: string | undefined
}

/**
 * The install's own account; null when it is not asked for, whatever else is set.
 *
 * @throws ConfigError naming each part that is missing or would not be taken from a tenant either
 */
export function readGlobalAccount(
  v: GlobalAccountVariables,
  allowedHosts: readonly string[],
): ExotelAccount | null {
  if (!v.EXOTEL_GLOBAL_FALLBACK) return null
  const { EXOTEL_API_KEY, EXOTEL_API_TOKEN, EXOTEL_SID, EXOTEL_SUBDOMAIN } = v
  const problems = Object.entries({
    EXOTEL_API_KEY,
    EXOTEL_API_TOKEN,
    EXOTEL_SID,
    EXOTEL_SUBDOMAIN,
  })
    .filter(([, value]) => value === undefined)
    .map(([name]) => ({ name, sentence: `${name} is not set; EXOTEL_GLOBAL_FALLBACK needs it.` }))
  if (EXOTEL_SID !== undefined && !exotelSidSchema.safeParse(EXOTEL_SID).success) {
    problems.push({ name: 'EXOTEL_SID', sentence: 'EXOTEL_SID is no Exotel account sid.' })
  }
  if (EXOTEL_SUBDOMAIN !== undefined && !allowedHosts.includes(EXOTEL_SUBDOMAIN)) {
    const sentence = 'EXOTEL_SUBDOMAIN must be one of EXOTEL_ALLOWED_HOSTS, letter for letter.'
    problems.push({ name: 'EXOTEL_SUBDOMAIN', sentence })
  }
  if (
    problems.length > 0 ||
    EXOTEL_API_KEY === undefined ||
    EXOTEL_API_TOKEN === undefined ||
    EXOTEL_SID === undefined ||
    EXOTEL_SUBDOMAIN === undefined
  ) {
    throw new ConfigError(problems)
  }
  return {
    host: EXOTEL_SUBDOMAIN,
    sid: EXOTEL_SID,
    apiKey: EXOTEL_API_KEY,
    apiToken: EXOTEL_API_TOKEN,
  }
}

/** Refuses the install's own account where tenants would share it without knowing. */
export async function requireSingleTenant(
  finder: { tenantCount(): Promise<number> },
  account: ExotelAccount | null,
): Promise<void> {
  if (account === null) return
  const count = await finder.tenantCount()
  if (count <= 1) return
  const sentence = `EXOTEL_GLOBAL_FALLBACK is for installs of one tenant, and this one has ${count}: import each phone with its own credentials and unset it.`
  throw new ConfigError([{ name: 'EXOTEL_GLOBAL_FALLBACK', sentence }])
}
