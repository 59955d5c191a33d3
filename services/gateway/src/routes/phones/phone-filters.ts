import { normalizePhoneNumber, type ListPhonesQuery } from '@callwire/contracts'
import { phoneCredentials, phones } from '@callwire/db'
import { and, arrayContains, eq, isNotNull, isNull, type SQL } from 'drizzle-orm'
import { invalidField } from '../../http/api-error.ts'

/**
 * What a phone must fulfil to be listed: every filter that was given, and not to be deleted.
 *
 * @throws ApiError `validation_failed` for a number that is none
 */
export function phoneFilters(query: ListPhonesQuery): SQL | undefined {
  const { number, country, tag, agentId, sid, hasCredentials, breaker } = query
  return and(
    isNull(phones.deletedAt),
    number === undefined ? undefined : eq(phones.number, wantedNumber(number, country)),
    country === undefined ? undefined : eq(phones.country, country),
    tag === undefined ? undefined : arrayContains(phones.tags, [tag]),
    agentId === undefined ? undefined : eq(phones.agentId, agentId),
    sid === undefined ? undefined : eq(phoneCredentials.sid, sid),
    hasCredentials === undefined
      ? undefined
      : presence(hasCredentials === 'true', phoneCredentials.phoneId),
    breaker === undefined ? undefined : presence(breaker === 'open', phones.breakerOpenedAt),
  )
}

function presence(wanted: boolean, column: Parameters<typeof isNull>[0]): SQL {
  return wanted ? isNotNull(column) : isNull(column)
}

/** A plus that was not percent-encoded arrives as a blank. A local form is nobody's without its country. */
function wantedNumber(text: string, country: string | undefined): string {
  const written = text.replace(/^ (?=\d)/, '+')
  if (country === undefined && !written.startsWith('+')) {
    throw invalidField('query.number', 'needs its country, unless it is E.164')
  }
  const number = normalizePhoneNumber(written, country)
  if (number === null) throw invalidField('query.number', 'is not a phone number of that country')
  return number
}
