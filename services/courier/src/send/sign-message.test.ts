import { createHmac } from 'node:crypto'
import { Webhook } from 'standardwebhooks'
import { expect, test } from 'vitest'
import { signMessage } from './sign-message.ts'

const secretOf = (byte: number) => `whsec_${Buffer.alloc(32, byte).toString('base64')}`
const message = { id: 'msg_1', atMs: 1_700_000_000_900, body: '{"type":"é"}' }

test('is what the specification says, computed by other means', () => {
  const expected = createHmac('sha256', Buffer.alloc(32, 1))
    .update('msg_1.1700000000.{"type":"é"}')
    .digest('base64')
  expect(signMessage([secretOf(1)], message)).toEqual({
    'webhook-id': 'msg_1',
    'webhook-timestamp': '1700000000',
    'webhook-signature': `v1,${expected}`,
  })
})

test('with two secrets, who knows either of them can verify it', () => {
  const atMs = Date.now()
  const headers = signMessage([secretOf(1), secretOf(2)], { ...message, atMs })
  for (const byte of [1, 2]) {
    expect(new Webhook(secretOf(byte)).verify(message.body, headers)).toEqual({ type: 'é' })
  }
  expect(() => new Webhook(secretOf(3)).verify(message.body, headers)).toThrow()
})

test('a changed body, id or time does not verify', () => {
  const headers = signMessage([secretOf(1)], { ...message, atMs: Date.now() })
  const receiver = new Webhook(secretOf(1))
  expect(() => receiver.verify('{"type":"e"}', headers)).toThrow()
  expect(() => receiver.verify(message.body, { ...headers, 'webhook-id': 'msg_2' })).toThrow()
  const later = String(Number(headers['webhook-timestamp']) + 1)
  expect(() => receiver.verify(message.body, { ...headers, 'webhook-timestamp': later })).toThrow()
})
