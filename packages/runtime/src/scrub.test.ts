import { expect, test } from 'vitest'
import { scrubLine } from './scrub.ts'

test.each([
  ['https://key1:tok@en2@api.example/v1', 'https://[secret]@api.example/v1'],
  ['redis://:pa55word@127.0.0.1:6379', 'redis://[secret]@127.0.0.1:6379'],
  ['Authorization: Basic a2V5OnRva2Vu', 'Authorization: Basic [secret]'],
  ['authorization bearer abcdefgh.ijkl', 'authorization bearer [secret]'],
  ['{"authorization":"Digest xyz"}', '{"authorization":"[secret]"}'],
  ['{"body":"{\\"apiKey\\":\\"0a1b\\"}"}', '{"body":"{\\"apiKey\\":\\"[secret]\\"}"}'],
  ['{"refreshToken":"abc"}', '{"refreshToken":"[secret]"}'],
  ['?token=abc&x=1', '?token=[secret]&x=1'],
  ['key cw_abcdefghijkl was used', 'key cw_[secret] was used'],
  ['jwt eyJhbGciOiJI.eyJzdWIi.c2ln end', 'jwt [secret] end'],
  ['/v1/t/AbCdEfGhIjKlMnOpQrStUvWxYz0123456789_-a', '/v1/t/[secret]'],
  ['dialed +919876543210 now', 'dialed +91******** now'],
  ['to=%2B919876543210', 'to=%2B91********'],
  ['from 09876543210', 'from 0**********'],
])('hides what looks like a credential or a number: %s', (line, expected) => {
  expect(scrubLine(line)).toBe(expected)
})

test.each([
  '{"callId":"cal_01h2xcejqtf2nbrexx3vqjhp41","seq":12}',
  '{"time":"2026-01-02T03:04:05.678Z","elapsedMs":1234567890123}',
  '{"at":"exchange.ts:12","queue":"{cw}:dial"}',
  '{"fraction":0.01234567890123,"exponent":1.5e+21}',
])('leaves ordinary fields alone: %s', (line) => {
  expect(scrubLine(line)).toBe(line)
})

test('keeps the line JSON', () => {
  const line = JSON.stringify({
    a: 'https://k:t@h/',
    b: 'Bearer "quoted" +919876543210',
    password: 'x"y\\z',
    nested: JSON.stringify({ token: 'abc', to: '+14155550100' }),
    n: 0.01234567890123,
  })
  expect(() => JSON.parse(scrubLine(line)) as unknown).not.toThrow()
})
