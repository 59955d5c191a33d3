import { Secret } from '@callwire/runtime'
import { expect, test } from 'vitest'
import type { ExotelAccount } from './account.ts'
import { scrubSentence } from './scrub-sentence.ts'

const account: ExotelAccount = {
  host: 'api.exotel.com',
  sid: 'acme1',
  apiKey: new Secret('sh!rt'),
  apiToken: new Secret('t"k/n'),
}
const hex = Buffer.from('t"k/n').toString('hex')
const pair = Buffer.from('sh!rt:t"k/n').toString('base64')

test.each([
  ['no access for sh!rt', 'no access for …'],
  ['token t"k/n is old', 'token … is old'],
  ['token t\\"k/n is old', 'token … is old'],
  ['token t%22k%2Fn is old', 'token … is old'],
  [`token ${hex} is old`, 'token … is old'],
  [`pair ${pair}`, 'pair …'],
  ['sent Basic YWJjZA== here', 'sent … here'],
  ['see https://k:t@host/x?y=1 for more', 'see … for more'],
  ['To 098765 43210 is on the DND list', 'To … is on the DND list'],
  ['code 123, limit 200', 'code 123, limit 200'],
  ['line\r\none\u0000<b>two</b>', 'line one two'],
])('%j becomes %j', (sentence, expected) => {
  expect(scrubSentence(sentence, account)).toBe(expected)
})

test('is bounded', () => {
  expect(scrubSentence('word '.repeat(500), account)).toHaveLength(200)
})
