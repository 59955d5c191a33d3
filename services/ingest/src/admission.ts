/** What a media socket may bind to, as its credentials say. */
export type Admission =
  /** One call: its path token, or a JWT for it. */
  | { kind: 'call'; tenantId: string; callId: string; tokenId: string | null }
  /** Any call of one phone, also a new inbound one. */
  | { kind: 'phone'; tenantId: string; phoneId: string; tokenId: string | null }
  /** The address alone: a call that we placed, by Exotel's name for it. */
  | { kind: 'address' }
