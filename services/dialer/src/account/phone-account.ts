import type { OpenRing } from '@callwire/crypto'
import { phoneCredentials, tenantCountIn, type Tx } from '@callwire/db'
import type { ExotelAccount } from '@callwire/exotel'
import { and, eq } from 'drizzle-orm'
import {
  credentialColumns,
  keyIdsOf,
  openStored,
  type StoredCredentials,
} from './stored-credentials.ts'

/** The Exotel account that speaks for a phone: its own, as stored, or the install's. */
export type PhoneAccount =
  { kind: 'own'; sid: string; stored: StoredCredentials } | { kind: 'global'; sid: string }

/** `globalAccount` is null where the install has none for phones without their own. */
export type AccountDeps = { credentialRing: OpenRing; globalAccount: ExotelAccount | null }

type Owner = { tenantId: string; phoneId: string }

/** A phone's own account; nothing is opened. */
export async function readOwnAccount(tx: Tx, o: Owner): Promise<PhoneAccount | null> {
  const [stored] = await tx
    .select(credentialColumns)
    .from(phoneCredentials)
    .where(and(eq(phoneCredentials.tenantId, o.tenantId), eq(phoneCredentials.phoneId, o.phoneId)))
  return stored === undefined ? null : { kind: 'own', sid: stored.sid, stored }
}

/**
 * The account for a phone's next request. The install's own serves a phone that has none, and only
 * as long as one tenant is all there is: another's calls would be billed to somebody else.
 */
export async function readPhoneAccount(
  tx: Tx,
  d: Pick<AccountDeps, 'globalAccount'>,
  o: Owner,
): Promise<PhoneAccount | null> {
  const own = await readOwnAccount(tx, o)
  if (own !== null || d.globalAccount === null) return own
  return (await tenantCountIn(tx)) === 1 ? globalOf(d.globalAccount) : null
}

export function globalOf(account: ExotelAccount): PhoneAccount {
  return { kind: 'global', sid: account.sid }
}

/** Opens an account for one request. Null when a seal does not open: there is no other way then. */
export function openAccount(
  d: AccountDeps,
  owner: Owner,
  account: PhoneAccount,
): ExotelAccount | null {
  if (account.kind === 'own') return openStored(d.credentialRing, owner, account.stored)
  return d.globalAccount
}

/** By which key an account is opened, for the audit. */
export function keyIdOf(account: PhoneAccount): string {
  return account.kind === 'own' ? keyIdsOf(account.stored) : 'global'
}
