import { normalizePhoneNumber } from '@callwire/contracts'
import { invalidField } from '../../http/api-error.ts'

/** An agent's number in E.164; a national one is taken as Indian, like everywhere without a country. */
export function agentNumber(text: string): string {
  const number = normalizePhoneNumber(text)
  if (number === null) throw invalidField('body.number', 'is not a phone number')
  return number
}
