import { z } from 'zod'

/** A phone as the old system stored it; its two secrets still as they lay in its database. */
export type OldPhone = {
  number: string
  country: string | null
  provider: string | null
  status: string | null
  tags: string[]
  userId: string | null
  hasAgent: boolean
  credentials:
    | { kind: 'none' }
    | { kind: 'incomplete' }
    | { kind: 'whole'; apiKey: string; apiToken: string; sid: string; subdomain: string }
}

/** MongoDB's extended JSON: what stands in a wrapper of one field is that value. */
const wrappers = ['$oid', '$numberInt', '$numberLong', '$numberDouble', '$symbol'] as const

function unwrap(value: unknown): unknown {
  if (typeof value === 'number') return String(value)
  if (typeof value !== 'object' || value === null) return value
  const names = Object.keys(value)
  if (names.length !== 1) return value
  if (names[0] === '$undefined') return undefined
  const wrapper = wrappers.find((name) => name === names[0])
  return wrapper === undefined ? value : Object.values(value)[0]
}

const text = z.preprocess(unwrap, z.string())
/** Absent, null and blank are one. */
const textOrNull = z
  .preprocess(unwrap, z.string().nullish())
  .transform((value) => (value === undefined || value === '' ? null : value))

const oldPhone = z.looseObject({
  number: text,
  country: textOrNull,
  provider: textOrNull,
  status: textOrNull,
  tags: z.preprocess(unwrap, z.array(textOrNull).nullish()),
  userId: textOrNull,
  agentId: textOrNull,
  exotelData: z.preprocess(
    unwrap,
    z
      .looseObject({
        apiKey: textOrNull,
        apiToken: textOrNull,
        sid: textOrNull,
        subdomain: textOrNull,
      })
      .nullish(),
  ),
})

/** Reads one document of an export, or null when it is no phone of the old system. */
export function readOldPhone(line: string): OldPhone | null {
  const parsed = oldPhone.safeParse(parseJson(line))
  if (!parsed.success) return null
  const { number, country, provider, status, tags, userId, agentId, exotelData } = parsed.data
  return {
    ...{ number, country, provider, status, userId },
    tags: (tags ?? []).filter((tag) => tag !== null),
    hasAgent: agentId !== null,
    credentials: credentialsOf(exotelData ?? {}),
  }
}

type Stored = Partial<Record<'apiKey' | 'apiToken' | 'sid' | 'subdomain', string | null>>

function credentialsOf({ apiKey, apiToken, sid, subdomain }: Stored): OldPhone['credentials'] {
  const parts = [apiKey, apiToken, sid, subdomain]
  if (parts.every((part) => part == null)) return { kind: 'none' }
  if (apiKey == null || apiToken == null || sid == null || subdomain == null) {
    return { kind: 'incomplete' }
  }
  return { kind: 'whole', apiKey, apiToken, sid, subdomain }
}

/** Nothing of the text is in what comes out when it is no JSON: a library's error would quote it. */
function parseJson(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}
