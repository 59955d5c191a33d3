/**
 * Every key, channel and queue in Redis is spelt here and nowhere else. Braces are cluster hash
 * tags: what stands in them decides the slot, so that one call's keys stay together.
 */
export const names = {
  callChannel: (callId: string) => `cw:call:${callId}`,
  tenantChannel: (tenantId: string) => `cw:tenant:${tenantId}`,
  revocationChannel: 'cw:revoked',
  queuePrefix: '{cw}',
  audioStream: (callId: string) => `audio:{${callId}}`,
  lease: (callId: string) => `cw:lease:{${callId}}`,
  /** One slot for all accounts: whether Redis forgot is asked with every request. */
  budgetMemory: 'cw:{budget}',
  budget: (sid: string) => `cw:{budget}:${sid}`,
  /** Written by readiness checks, and gone by itself. */
  canWrite: (service: string) => `cw:ready:${service}`,
  ticket: (ticketHash: string) => `cw:ticket:${ticketHash}`,
} as const

/** Each queue, and the id that its jobs carry beside the tenant's. */
export const queueIds = {
  dial: 'callId',
  callback: 'callId',
  transcribe: 'callId',
  check: 'checkId',
} as const

export type QueueName = keyof typeof queueIds
