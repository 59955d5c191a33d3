/** What travels by queue: ids only, never a number, a secret or a word. */
export type CallJob = { tenantId: string; callId: string }

/** A question to Exotel that is no call's: whether a phone's credentials work. */
export type CheckJob = { tenantId: string; checkId: string }
