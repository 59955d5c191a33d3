import type { Phone } from '@callwire/contracts'
import type { AccountRow, PhoneRow } from './find-phone.ts'

/** A phone as it is shown: of its account no more than where and which. */
export function viewPhone(row: PhoneRow, account: AccountRow | null): Phone {
  return {
    id: row.id,
    number: row.number,
    country: row.country,
    provider: row.provider,
    status: row.status,
    tags: row.tags,
    agentId: row.agentId,
    exotelData: account === null ? null : { sid: account.sid, subdomain: account.subdomain },
    keepRecording: row.keepRecording,
    breaker: {
      open: row.breakerOpenedAt !== null,
      openedAt: row.breakerOpenedAt?.toISOString() ?? null,
    },
    createdAt: row.createdAt.toISOString(),
  }
}
