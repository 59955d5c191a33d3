import { expect, test } from 'vitest'
import { sampleRateOf, sampleRateOfUrl } from './sample-rate.ts'

test.each([
  ['16000', 16_000],
  [24_000, 24_000],
  ['16000Hz', 16_000],
  ['16kHz', 16_000],
  ['16 khz', 16_000],
  ['8k', 8_000],
  ['22.05kHz', 22_050],
  ['128kbps', undefined],
  ['16', undefined],
  ['1kHz', undefined],
  ['banana', undefined],
  [1e9, undefined],
  [null, undefined],
])('%j is %s', (value, rate) => {
  expect(sampleRateOf(value)).toBe(rate)
})

test.each([
  ['/v1/ingest?sample-rate=16000', 16_000],
  ['/v1/ingest/t/abc?x=1&sample_rate=24000', 24_000],
  ['/v1/ingest?sampleRate=16kHz', 16_000],
  ['/v1/ingest?sample-rate=7', undefined],
  ['/v1/ingest?sample-rate=%E0%A4%A', undefined],
  ['/v1/ingest', undefined],
  [undefined, undefined],
])('%j asks for %s', (url, rate) => {
  expect(sampleRateOfUrl(url)).toBe(rate)
})
