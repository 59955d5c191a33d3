import { createHmac } from 'node:crypto'
import { expect, test } from 'vitest'
import { edgeProof, verifyEdgeProof } from './edge-proof.ts'

const mac = (key: string) => (message: string) =>
  createHmac('sha256', key).update(message).digest('base64url')
const verify = (key: string) => (message: string, token: string) => mac(key)(message) === token

const at = 1_700_000_000
const proof = edgeProof(mac('k'), '203.0.113.7', at)

test('believes what the edge wrote, for 30 s', () => {
  expect(verifyEdgeProof(verify('k'), proof, '203.0.113.7', at)).toBe(true)
  expect(verifyEdgeProof(verify('k'), proof, '203.0.113.7', at + 30)).toBe(true)
  expect(verifyEdgeProof(verify('k'), proof, '203.0.113.7', at - 30)).toBe(true)
})

test.each([
  ['too old', proof, '203.0.113.7', at + 31, 'k'],
  ['too new', proof, '203.0.113.7', at - 31, 'k'],
  ['another address', proof, '127.0.0.1', at, 'k'],
  ['another key', proof, '203.0.113.7', at, 'other'],
  ['another time', proof.replace(String(at), String(at + 1)), '203.0.113.7', at, 'k'],
  ['no header', undefined, '203.0.113.7', at, 'k'],
  ['empty', '', '203.0.113.7', at, 'k'],
  ['trailing text', `${proof},x=1`, '203.0.113.7', at, 'k'],
  ['without value', `t=${at},v=`, '203.0.113.7', at, 'k'],
])('refuses %s', (_what, header, forwardedFor, nowS, key) => {
  expect(verifyEdgeProof(verify(key), header, forwardedFor, nowS)).toBe(false)
})
