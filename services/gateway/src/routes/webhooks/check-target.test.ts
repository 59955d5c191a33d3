import { describe, expect, it } from 'vitest'
import { ApiError } from '../../http/api-error.ts'
import { checkTarget } from './check-target.ts'

const allowed = ['127.0.0.1:9000', 'crm.internal:443', 'plain.example.com:80', '[::1]:8443']

function sentenceFor(url: string): string {
  try {
    checkTarget(url, allowed)
    return ''
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    return JSON.stringify(error.details)
  }
}

describe('where a webhook may lead', () => {
  it.each([
    ['https://example.com', 'https://example.com/'],
    ['https://EXAMPLE.com:443/a?b=c', 'https://example.com/a?b=c'],
    ['https://8.8.8.8/hook', 'https://8.8.8.8/hook'],
    ['https://[2606:4700::1]:8443/', 'https://[2606:4700::1]:8443/'],
    ['https://local.example.com/', 'https://local.example.com/'],
    // Named by the operator, host and port.
    ['http://127.0.0.1:9000/hook', 'http://127.0.0.1:9000/hook'],
    ['http://0x7f.1:9000/hook', 'http://127.0.0.1:9000/hook'],
    ['https://crm.internal/hook', 'https://crm.internal/hook'],
    ['http://plain.example.com/', 'http://plain.example.com/'],
    ['https://[::1]:8443/', 'https://[::1]:8443/'],
  ])('%s is taken, and stored as %s', (url, stored) => {
    expect(checkTarget(url, allowed)).toBe(stored)
  })

  it.each(['http://example.com/', 'http://plain.example.com:8080/', 'http://127.0.0.1:443/'])(
    '%s is not, as it has no TLS',
    (url) => {
      expect(sentenceFor(url)).toContain('must begin with https://')
    },
  )

  it.each([
    'https://127.0.0.1:9000/'.replace('9000', '9001'),
    'https://2130706433/',
    'https://0x7f.1/',
    'https://10.1.2.3/',
    'https://169.254.169.254/latest/meta-data',
    'https://100.64.0.1/',
    'https://0.0.0.0/',
    'https://255.255.255.255/',
    'https://192.0.2.1/',
    'https://[::1]/',
    'https://[::ffff:10.0.0.1]/',
    'https://[fe80::1]/',
    'https://[fd00::1]/',
    'https://[64:ff9b::a00:1]/',
    'https://localhost/',
    'https://LOCALHOST./',
    'https://a.localhost/',
    'https://printer.local/',
    'https://crm.internal:8443/',
    'https://router.lan/',
    'https://redis/',
    'https://redis./',
  ])('%s is not, as no public host is there', (url) => {
    expect(sentenceFor(url)).toContain('public internet')
  })
})
