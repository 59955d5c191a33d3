/** What travels by queue: ids only, never a number, a secret or a word. */
export type CallJob = { tenantId: string; callId: string }
