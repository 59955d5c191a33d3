import { describe, expect, it } from 'vitest'
import {
  createWebhookBody,
  patchWebhookBody,
  replayWebhookBody,
  rotateWebhookSecretQuery,
  WEBHOOK_OVERLAP_HOURS,
  webhookUrlSchema,
} from './webhooks.ts'

describe('the address of a webhook', () => {
  it.each([
    'https://example.com/hook?tenant=1',
    'http://127.0.0.1:9000/hook',
    'https://[2001:db8::1]:8443/',
    'https://bücher.example/',
  ])('may be %s', (url) => {
    expect(webhookUrlSchema.safeParse(url).success).toBe(true)
  })

  it.each([
    ['example.com/hook', 'must be an address'],
    ['', 'must be an address'],
    ['https://', 'must be an address'],
    ['https://example.com/\n', 'must be an address'],
    ['ftp://example.com', 'must begin with https://'],
    ['file:///etc/passwd', 'must begin with https://'],
    ['javascript:alert(1)', 'must begin with https://'],
    ['https://user:secret@example.com', 'user name or a password'],
    ['https://user@example.com', 'user name or a password'],
    ['https://example.com/#part', '#fragment'],
  ])('is not %j', (url, sentence) => {
    const { error } = webhookUrlSchema.safeParse(url)
    expect(error?.issues[0]?.message).toContain(sentence)
  })

  it('has at most 2000 characters', () => {
    const url = (length: number) => `https://example.com/${'x'.repeat(length - 20)}`
    expect(webhookUrlSchema.safeParse(url(2_000)).success).toBe(true)
    expect(webhookUrlSchema.safeParse(url(2_001)).success).toBe(false)
  })
})

it('a webhook is told of known types, and of one at least', () => {
  const body = (eventTypes: unknown) =>
    createWebhookBody.safeParse({ url: 'https://example.com', eventTypes }).success
  expect(body(['call.status', 'alert'])).toBe(true)
  for (const bad of [[], ['call.exploded'], 'call.status', undefined]) expect(body(bad)).toBe(false)
})

it('a description may be taken away, not made of spaces', () => {
  expect(patchWebhookBody.safeParse({ description: '' }).success).toBe(true)
  expect(patchWebhookBody.safeParse({ description: '  ' }).success).toBe(false)
})

it('one message or a span of time is asked for again, never both', () => {
  const deliveryId = `msg_${'0'.repeat(24)}`
  const since = '2026-01-02T03:04:05+05:30'
  expect(replayWebhookBody.safeParse({ deliveryId }).success).toBe(true)
  expect(replayWebhookBody.safeParse({ since, state: 'dead' }).success).toBe(true)
  for (const bad of [{}, { deliveryId, since }, { until: since }, { since, state: 'lost' }]) {
    expect(replayWebhookBody.safeParse(bad).success).toBe(false)
  }
})

describe('for how long the former secret is good', () => {
  it.each([
    [undefined, WEBHOOK_OVERLAP_HOURS],
    ['0', 0],
    ['168', 168],
    [72, 72],
  ])('%j is %i hours', (overlapHours, hours) => {
    expect(rotateWebhookSecretQuery.parse({ overlapHours })).toEqual({ overlapHours: hours })
  })

  it.each(['', ' ', '\t', '169', '-1', '1.5', 'none', ['', '']])(
    '%j is refused',
    (overlapHours) => {
      expect(rotateWebhookSecretQuery.safeParse({ overlapHours }).success).toBe(false)
    },
  )
})
