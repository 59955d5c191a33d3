import { createHmac } from 'node:crypto'
import { expect, test } from 'vitest'
import { verifyWebhook } from './verify-webhook.ts'

const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`
const other = `whsec_${Buffer.alloc(32, 8).toString('base64')}`
const body = JSON.stringify({
  type: 'call.status',
  timestamp: '2026-01-05T10:00:00Z',
  data: { a: 1 },
})

/** Signs as the specification says, without the library that checks. */
function headersFor(o: { secret?: string; body?: string; ageS?: number; id?: string } = {}) {
  const id = o.id ?? 'msg_1'
  const timestamp = String(Math.floor(Date.now() / 1_000) - (o.ageS ?? 0))
  const key = Buffer.from((o.secret ?? secret).slice('whsec_'.length), 'base64')
  const mac = createHmac('sha256', key).update(`${id}.${timestamp}.${o.body ?? body}`)
  return {
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': `v1,${mac.digest('base64')}`,
  }
}

test('a signed message is opened, whatever the headers come in', () => {
  const message = { type: 'call.status', data: { a: 1 } }
  expect(verifyWebhook(body, headersFor(), secret)).toMatchObject(message)
  expect(verifyWebhook(body, new Headers(headersFor()), secret)).toMatchObject(message)
  const shouting = Object.entries(headersFor()).map(([name, value]) => [
    name.toUpperCase(),
    [value],
  ])
  const bag = Object.fromEntries(shouting) as Record<string, string[]>
  expect(verifyWebhook(body, bag, secret)).toMatchObject(message)
})

test('while a secret is replaced, either will do', () => {
  const both = headersFor({ secret: other })
  both['webhook-signature'] = `${headersFor()['webhook-signature']} ${both['webhook-signature']}`
  for (const known of [secret, other, [other, secret]]) {
    expect(verifyWebhook(body, both, known)).toMatchObject({ type: 'call.status' })
  }
  expect(verifyWebhook(body, headersFor(), [other, secret])).toMatchObject({ type: 'call.status' })
})

test.each<[string, string, Record<string, string>, string]>([
  ['another secret', body, headersFor({ secret: other }), secret],
  ['another body', body.replace('1}', '2}'), headersFor(), secret],
  ['another id', body, { ...headersFor(), 'webhook-id': 'msg_2' }, secret],
  ['an old one', body, headersFor({ ageS: 301 }), secret],
  ['one from the future', body, headersFor({ ageS: -310 }), secret],
  ['no headers', body, {}, secret],
  ['no secret', body, headersFor(), 'whsec_!!'],
  ['no message', '[]', headersFor({ body: '[]' }), secret],
  ['no JSON', 'hello', headersFor({ body: 'hello' }), secret],
])('%s is refused', (_name, text, headers, known) => {
  expect(() => verifyWebhook(text, headers, known)).toThrow(
    expect.objectContaining({ code: 'bad_signature' }) as Error,
  )
})
