import { idempotencyKeySchema } from '@callwire/contracts'
import { invalidField } from '../../http/api-error.ts'

const name = 'idempotency-key'

/**
 * The key of a request, or null when it has none. Node joins headers of one name, which makes a key
 * that nobody sent: the headers are read as they came. One that was doubled on its way is one.
 *
 * @param rawHeaders - names and values in turn, as Node gives them
 * @throws ApiError `validation_failed`
 */
export function idempotencyKeyOf(rawHeaders: readonly string[]): string | null {
  const sent = new Set(
    rawHeaders.filter((_, i) => i % 2 === 1 && rawHeaders[i - 1]?.toLowerCase() === name),
  )
  const [key] = sent
  if (key === undefined) return null
  if (sent.size > 1) {
    throw invalidField(`headers.${name}`, 'was sent more than once, with different keys')
  }
  if (!idempotencyKeySchema.safeParse(key).success) {
    throw invalidField(`headers.${name}`, 'must have 1 to 255 characters')
  }
  return key
}
