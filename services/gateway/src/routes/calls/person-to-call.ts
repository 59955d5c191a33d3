import { normalizePhoneNumber, type PlaceCallBody } from '@callwire/contracts'
import { phones, type Database } from '@callwire/db'
import { eq } from 'drizzle-orm'
import { invalidField, notFound } from '../../http/api-error.ts'

/**
 * The number to call in E.164, a national one read as of the phone's country. A deleted phone still
 * has one: a request that is repeated after the deletion gets its first answer.
 *
 * @throws ApiError `not_found` for the phone, `validation_failed` for the number
 */
export async function personToCall(
  database: Pick<Database, 'withTenant'>,
  tenantId: string,
  body: PlaceCallBody,
): Promise<string> {
  const [phone] = await database.withTenant(tenantId, (tx) =>
    tx.select({ country: phones.country }).from(phones).where(eq(phones.id, body.phoneId)),
  )
  if (phone === undefined) throw notFound('phone')
  const number = normalizePhoneNumber(body.to, phone.country)
  if (number === null) throw invalidField('body.to', 'is not a phone number')
  return number
}
