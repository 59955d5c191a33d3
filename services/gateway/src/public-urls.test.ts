import { describe, expect, it } from 'vitest'
import { createPublicUrls } from './public-urls.ts'

describe('createPublicUrls', () => {
  it.each([
    ['http://127.0.0.1:8080', 'ws://127.0.0.1:8080/v1/ingest'],
    ['https://calls.example/', 'wss://calls.example/v1/ingest'],
    ['https://calls.example/callwire/', 'wss://calls.example/callwire/v1/ingest'],
    ['https://[::1]:8443', 'wss://[::1]:8443/v1/ingest'],
  ])('of %s', (publicUrl, ingest) => {
    expect(createPublicUrls(publicUrl).ingest()).toBe(ingest)
  })

  it('puts credentials where a socket client looks for them', () => {
    const url = createPublicUrls('https://calls.example').ingest({ key: 'k_1', token: 't-2' })
    expect(url).toBe('wss://k_1:t-2@calls.example/v1/ingest')
  })
})
