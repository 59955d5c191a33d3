import type { Clock } from '@callwire/runtime'
import { CallwireError, type Client } from '@callwire/sdk'
import type { PhoneBody, Refusal } from './convert-phone.ts'

/** What an import asks of the new system. */
export type PhoneGateway = {
  /** Every number it has, and whether with credentials. */
  numbers(): Promise<Map<string, boolean>>
  /** @throws CallwireError when no further phone can succeed either */
  send(body: PhoneBody): Promise<'imported' | 'existing' | Refusal>
}

const PAGE = 100
const TRIES = 4
const WAIT_MS = 1_000
/** A gateway's budget is per minute: beyond that, something else is wrong. */
const LONGEST_WAIT_MS = 61_000

/** Refusals that are about the phone; every other would meet the next phone too. */
const aboutThePhone: ReadonlySet<string> = new Set(['validation_failed', 'internal', 'not_found'])

/** The gateway's REST routes, waited for while they are busy. */
export function phoneGateway(
  client: Pick<Client, 'phones'>,
  o: { clock: Pick<Clock, 'sleep'>; signal: AbortSignal },
): PhoneGateway {
  const patiently = async <T>(act: () => Promise<T>): Promise<T> => {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await act()
      } catch (error) {
        if (!(error instanceof CallwireError) || !error.retryable || attempt === TRIES) throw error
        const waitMs = error.retryAfterMs ?? WAIT_MS * attempt
        if (waitMs > LONGEST_WAIT_MS) throw error
        await o.clock.sleep(waitMs, o.signal)
      }
    }
  }
  return {
    async numbers() {
      const known = new Map<string, boolean>()
      let cursor: string | null = null
      do {
        const query: { limit: number; cursor?: string } = {
          limit: PAGE,
          ...(cursor === null ? {} : { cursor }),
        }
        const page = await patiently(() => client.phones.list(query))
        for (const phone of page.phones) known.set(phone.number, phone.exotelData !== null)
        cursor = page.nextCursor
      } while (cursor !== null)
      return known
    },
    async send(body) {
      try {
        await patiently(() => client.phones.import(body))
        return 'imported'
      } catch (error) {
        if (!(error instanceof CallwireError)) throw error
        if (error.code === 'conflict') return 'existing'
        if (aboutThePhone.has(error.code)) return { code: error.code, fields: fieldsOf(error) }
        throw error
      }
    },
  }
}

/** Places in the request, never what stood there. */
function fieldsOf({ details }: CallwireError): string[] {
  const { issues } = details
  if (!Array.isArray(issues)) return []
  return issues.flatMap((issue: unknown) =>
    typeof issue === 'object' && issue !== null && 'path' in issue && typeof issue.path === 'string'
      ? [issue.path.replace(/^body\./, '')]
      : [],
  )
}
