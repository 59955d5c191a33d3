import { normalizePhoneNumber } from '@callwire/contracts'
import { openContent, sealContent, type ContentRing, type Sealed } from '@callwire/crypto'
import { personIndex, sealContexts } from '@callwire/keyring'
import { maskPhoneNumber } from '@callwire/masking'
import { invalidField } from '../../http/api-error.ts'
import { first } from '../../http/reply.ts'

/** Numbers of the never-call list: sealed to their entry, found by the index that finds calls. */
export type ListedNumbers = {
  /** The columns of an entry, all under one key. */
  columns(
    tenantId: string,
    entryId: string,
    number: string,
  ): { personSealed: Sealed; personMasked: string; personIndex: string }
  open(tenantId: string, entryId: string, sealed: Sealed): string
  /** One per key of the ring; an entry has that of the key it is sealed with. */
  index(tenantId: string, number: string): string[]
}

export function createListedNumbers(ring: ContentRing): ListedNumbers {
  return {
    columns: (tenantId, entryId, number) => ({
      personSealed: sealContent(ring, sealContexts.neverCall(tenantId, entryId), number),
      personMasked: maskPhoneNumber(number),
      personIndex: first(personIndex(ring, tenantId, number)),
    }),
    open: (tenantId, entryId, sealed) =>
      openContent(ring, sealContexts.neverCall(tenantId, entryId), sealed).toString('utf8'),
    index: (tenantId, number) => personIndex(ring, tenantId, number),
  }
}

/**
 * A number in E.164. A local form is nobody's without its country: guessed wrong, somebody would be
 * called who must not be.
 *
 * @param path - where it was sent, such as `body.number`
 * @throws ApiError `validation_failed`
 */
export function writtenNumber(path: string, text: string, country: string | undefined): string {
  // A plus that was not percent-encoded arrives as a blank.
  const written = text.replace(/^ (?=\d)/, '+')
  if (country === undefined && !written.startsWith('+')) {
    throw invalidField(path, 'needs its country, unless it is E.164')
  }
  const number = normalizePhoneNumber(written, country)
  if (number === null) throw invalidField(path, 'is not a phone number')
  return number
}
