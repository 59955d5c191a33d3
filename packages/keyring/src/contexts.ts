import { blindIndex, type ContentRing, type SealContext } from '@callwire/crypto'

/** Where a phone's Exotel credentials belong: all of it is authenticated. */
export type CredentialPlace = {
  readonly tenantId: string
  readonly phoneId: string
  readonly field: 'apiKey' | 'apiToken'
  readonly host: string
  readonly sid: string
  readonly version: number
}

const PERSON = 'person-number'

/**
 * What the sealed columns are bound to, one function per column. Rows are bound to these very words:
 * a change of one makes everything unreadable that was sealed before.
 */
export const sealContexts = {
  credential: ({ tenantId, phoneId, field, host, sid, version }: CredentialPlace): SealContext => ({
    purpose: 'exotel-credentials',
    tenantId,
    rowId: phoneId,
    field,
    host,
    sid,
    version,
  }),
  person: (tenantId: string, callId: string): SealContext => ({
    purpose: PERSON,
    tenantId,
    rowId: callId,
    field: 'person',
  }),
  metadata: (tenantId: string, callId: string): SealContext => ({
    purpose: 'call-metadata',
    tenantId,
    rowId: callId,
    field: 'metadata',
  }),
  recordingUrl: (tenantId: string, callId: string): SealContext => ({
    purpose: 'recording-url',
    tenantId,
    rowId: callId,
    field: 'recordingUrl',
  }),
  /** A part of a recording, under the recording's data key: its sound opens at its own place alone. */
  recordingPart: (
    tenantId: string,
    recordingId: string,
    part: { fromMs: number; toMs: number; sampleRate: number },
  ): SealContext => ({
    purpose: 'recording-part',
    tenantId,
    rowId: recordingId,
    field: `${part.fromMs}-${part.toMs}-${part.sampleRate}`,
  }),
  callbackBody: (tenantId: string, callbackId: string): SealContext => ({
    purpose: 'callback-body',
    tenantId,
    rowId: callbackId,
    field: 'body',
  }),
  fingerprint: (tenantId: string, callId: string): SealContext => ({
    purpose: 'idempotency-fingerprint',
    tenantId,
    rowId: callId,
    field: 'fingerprint',
  }),
  neverCall: (tenantId: string, entryId: string): SealContext => ({
    purpose: 'never-call',
    tenantId,
    rowId: entryId,
    field: 'person',
  }),
  /** A signing secret signs for one endpoint: beside another one it does not open. */
  webhookSecret: (tenantId: string, endpointId: string, secretId: string): SealContext => ({
    purpose: 'webhook-secret',
    tenantId,
    rowId: `${endpointId}/${secretId}`,
    field: 'secret',
  }),
} as const

/**
 * By what a call is found by the other person's number (E.164): one text per key, the primary's
 * first. Store the first, made in the same breath as the seal, so that both are of one key.
 */
export function personIndex(ring: ContentRing, tenantId: string, number: string): string[] {
  return blindIndex(ring, { purpose: PERSON, tenantId }, number)
}
