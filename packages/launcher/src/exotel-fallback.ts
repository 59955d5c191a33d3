import { connectDatabase } from '@callwire/db'
import { AppError, type ConfigError } from '@callwire/runtime'

/** One account for every phone without credentials of its own. */
export const fallbackVariables = [
  'EXOTEL_GLOBAL_FALLBACK',
  'EXOTEL_API_KEY',
  'EXOTEL_API_TOKEN',
  'EXOTEL_SID',
  'EXOTEL_SUBDOMAIN',
] as const

type Name = (typeof fallbackVariables)[number]
type Values = Readonly<
  Partial<Record<Exclude<Name, 'EXOTEL_GLOBAL_FALLBACK'>, string | undefined>>
> & {
  readonly EXOTEL_GLOBAL_FALLBACK?: boolean | undefined
  readonly EXOTEL_ALLOWED_HOSTS?: readonly string[] | undefined
}

type Problem = ConstructorParameters<typeof ConfigError>[0][number]

/** What gateway and dialer take when nothing else is said. */
const usualHosts = ['api.exotel.com', 'api.in.exotel.com']

/** What the fallback account lacks, by name. */
export function exotelFallbackProblems(values: Values): Problem[] {
  if (values.EXOTEL_GLOBAL_FALLBACK !== true) return []
  const needed = fallbackVariables.filter((name) => name !== 'EXOTEL_GLOBAL_FALLBACK')
  const missing = needed.filter((name) => values[name] === undefined)
  if (missing.length > 0) {
    return missing.map((name) => ({
      name,
      sentence: `${name} is not set, and EXOTEL_GLOBAL_FALLBACK is true.`,
    }))
  }
  const host = values.EXOTEL_SUBDOMAIN ?? ''
  if ((values.EXOTEL_ALLOWED_HOSTS ?? usualHosts).includes(host)) return []
  const sentence = 'EXOTEL_SUBDOMAIN must be one of EXOTEL_ALLOWED_HOSTS, in lower case.'
  return [{ name: 'EXOTEL_SUBDOMAIN', sentence }]
}

/** One tenant's calls must never be placed and paid by another's account. @throws AppError, one sentence */
export async function requireSingleTenant(gatewayDatabaseUrl: string): Promise<void> {
  const database = await connectDatabase({
    url: gatewayDatabaseUrl,
    applicationName: 'callwire-launcher',
  })
  try {
    const tenants = await database.finder.tenantCount()
    if (tenants <= 1) return
    throw new AppError({
      code: 'fallback_refused',
      message: `EXOTEL_GLOBAL_FALLBACK is true, and this install has ${tenants} tenants: its account may serve one alone. Give each phone credentials of its own, and unset it.`,
      level: 'fatal',
    })
  } finally {
    await database.close()
  }
}
