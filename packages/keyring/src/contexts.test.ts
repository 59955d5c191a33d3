import { blindIndex } from '@callwire/crypto'
import { describe, expect, it } from 'vitest'
import { personIndex, sealContexts } from './contexts.ts'
import { ringsOf } from './testing/test-keys.ts'

const tenantId = 'ten_1'

describe('the contexts of sealed columns', () => {
  // Rows are bound to these words: a row sealed last year must open next year.
  it('never change', () => {
    const place = { tenantId, phoneId: 'phn_1', host: 'api.exotel.com', sid: 'acme', version: 3 }
    expect({
      credential: sealContexts.credential({ ...place, field: 'apiToken' }),
      person: sealContexts.person(tenantId, 'cal_1'),
      metadata: sealContexts.metadata(tenantId, 'cal_1'),
      recordingUrl: sealContexts.recordingUrl(tenantId, 'cal_1'),
      recordingPart: sealContexts.recordingPart(tenantId, 'rec_1', {
        ...{ fromMs: 30_000, toMs: 60_000, sampleRate: 8_000 },
      }),
      callbackBody: sealContexts.callbackBody(tenantId, 'cbk_1'),
      fingerprint: sealContexts.fingerprint(tenantId, 'cal_1'),
      neverCall: sealContexts.neverCall(tenantId, 'nvc_1'),
      webhookSecret: sealContexts.webhookSecret(tenantId, 'whe_1', 'whs_1'),
    }).toEqual({
      credential: {
        purpose: 'exotel-credentials',
        tenantId,
        rowId: 'phn_1',
        field: 'apiToken',
        host: 'api.exotel.com',
        sid: 'acme',
        version: 3,
      },
      person: { purpose: 'person-number', tenantId, rowId: 'cal_1', field: 'person' },
      metadata: { purpose: 'call-metadata', tenantId, rowId: 'cal_1', field: 'metadata' },
      recordingUrl: { purpose: 'recording-url', tenantId, rowId: 'cal_1', field: 'recordingUrl' },
      recordingPart: {
        purpose: 'recording-part',
        tenantId,
        rowId: 'rec_1',
        field: '30000-60000-8000',
      },
      callbackBody: { purpose: 'callback-body', tenantId, rowId: 'cbk_1', field: 'body' },
      fingerprint: {
        purpose: 'idempotency-fingerprint',
        tenantId,
        rowId: 'cal_1',
        field: 'fingerprint',
      },
      neverCall: { purpose: 'never-call', tenantId, rowId: 'nvc_1', field: 'person' },
      webhookSecret: {
        purpose: 'webhook-secret',
        tenantId,
        rowId: 'whe_1/whs_1',
        field: 'secret',
      },
    })
  })

  it('index a number under every key, the primary first', () => {
    const { contentRing } = ringsOf('k2', 'k1')
    const found = personIndex(contentRing, tenantId, '+919876543210')
    expect(found).toEqual(
      blindIndex(contentRing, { purpose: 'person-number', tenantId }, '+919876543210'),
    )
    expect(found.map((text) => text.split('.')[0])).toEqual(['k2', 'k1'])
  })
})
