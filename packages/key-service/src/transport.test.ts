import { expect, it } from 'vitest'

import { isUntrusted } from './transport.ts'

it.each([
  ['DEPTH_ZERO_SELF_SIGNED_CERT', true],
  ['SELF_SIGNED_CERT_IN_CHAIN', true],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', true],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', true],
  ['CERT_HAS_EXPIRED', true],
  ['ERR_TLS_CERT_ALTNAME_INVALID', true],
  ['ECONNREFUSED', false],
  ['ENOTFOUND', false],
  ['UND_ERR_SOCKET', false],
])('%s is the certificate’s fault: %s', (code, fault) => {
  expect(isUntrusted(Object.assign(new Error('x'), { code }))).toBe(fault)
})

it('an error without a code is not', () => {
  expect(isUntrusted(new Error('CERT_HAS_EXPIRED'))).toBe(false)
  expect(isUntrusted('CERT_HAS_EXPIRED')).toBe(false)
})
