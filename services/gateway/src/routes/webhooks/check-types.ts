import type { Principal } from '@callwire/accounts'
import type { Permission } from '@callwire/contracts'
import { ApiError } from '../../http/api-error.ts'

/** What is heard by a webhook, its owner must be able to read: a key leads to no more than it can. */
export function requireReadable(
  principal: Pick<Principal, 'permissions'>,
  eventTypes: readonly string[],
): void {
  const lacking = unreadableOf(principal, eventTypes)[0]
  if (lacking === undefined) return
  throw new ApiError('forbidden', `Events of type ${lacking} take ${readingOf(lacking)}.`)
}

/** Those of these types that the principal may not read. */
export function unreadableOf(
  principal: Pick<Principal, 'permissions'>,
  eventTypes: readonly string[],
): string[] {
  return eventTypes.filter((type) => !principal.permissions.has(readingOf(type)))
}

/** Words and digits of a call take more than what becomes of it. */
function readingOf(type: string): Permission {
  return type.startsWith('transcript.') || type === 'stream.dtmf'
    ? 'transcripts:read'
    : 'calls:read'
}
