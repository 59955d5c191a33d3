import { normalizePhoneNumber, type PlaceCallBody } from '@callwire/contracts'
import { invalidField } from '../../http/api-error.ts'

/**
 * The number to call in E.164, a national one read as of the phone's country.
 *
 * @throws ApiError `validation_failed`
 */
export function personToCall(body: PlaceCallBody, { country }: { country: string }): string {
  const number = normalizePhoneNumber(body.to, country)
  if (number === null) throw invalidField('body.to', 'is not a phone number')
  return number
}
